import type { Logger } from 'pino';
import type { Metrics } from '../metrics.ts';
import type { Runtime } from '../runtime.ts';

const LOG_EVERY_MS = 10_000;

export type ConnectionEnd = 'all' | 'address' | 'slow reader';

export interface RefusedLogParts {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly runtime: Pick<Runtime, 'monotonic'>;
}

/** Makes what counts the connections that were ended for a limit, and logs them at most once in ten seconds. */
export const createRefusedLog = ({ metrics, logger, runtime }: RefusedLogParts) => {
  const counter = metrics.counter('http_connections_ended_total');
  let untold = 0;
  let toldAt = -Infinity;
  return (reason: ConnectionEnd): void => {
    counter.add({ reason });
    untold += 1;
    if (runtime.monotonic() - toldAt < LOG_EVERY_MS) return;
    logger.warn({ reason, connections: untold }, 'connections closed: limit reached');
    toldAt = runtime.monotonic();
    untold = 0;
  };
};
