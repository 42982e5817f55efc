import { planSystem, type Environment } from './plan.ts';
import { startPlanned, type StartOptions, type System } from './system.ts';

export type { Infrastructure } from './infrastructure.ts';
export { createLogger } from './logger.ts';
export { describeProcessMetrics } from './process-metrics.ts';
export { SERVICES } from './registry.ts';
export { StartError } from './start-error.ts';
export { nextStopRequest, type StopRequest } from './stop-requests.ts';
export type { System } from './system.ts';

export interface SystemOptions extends StartOptions {
  /** The settings; PORT may be 0 for any that is free. */
  readonly environment: Environment;
  /** All of them if not given. */
  readonly services?: readonly string[];
}

/**
 * Starts services in this process, with whatever their settings do not name embedded.
 *
 * @throws SettingsError with every wrong setting, StartError when something is in the way; nothing is left open then
 */
export const startSystem = ({ environment, services = [], ...options }: SystemOptions): Promise<System> =>
  startPlanned(planSystem(services, environment), options);
