import { SERVICE_NAMES, type ServiceName } from '@order-pipeline/contracts';
import { isLoopbackHost, type Embedded, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { Infrastructure } from '../infrastructure.ts';
import type { Plan } from '../plan.ts';
import { createAudit } from './audit.ts';
import { createBrokerFaults } from './broker-faults.ts';
import { createKiller } from './killer.ts';
import { createSlowDatabase } from './slow-database.ts';

/** What lets a system be tried out. */
export interface Sandbox {
  readonly embedded: Embedded;
  /** The runtime of a service. */
  runtimeOf(service: ServiceName): Runtime;
}

/** What the gateway's settings say of who may ask; the launcher knows no more of them. */
interface AccessSettings {
  readonly AUTH?: string | undefined;
  readonly AUTH_ISSUER?: string | undefined;
}

/**
 * Whether faults may be switched on: in a process that holds all of the system, whose users are at this very machine, and
 * which nobody has set up for others.
 */
const maySandbox = ({ services, kafka, databases, host, access }: Plan): boolean => {
  const gateway = services.find(({ service }) => service.name === 'api-gateway');
  const { AUTH, AUTH_ISSUER } = (gateway?.settings ?? {}) as AccessSettings;
  return (
    services.length === SERVICE_NAMES.length &&
    kafka === undefined &&
    [...databases.values()].every((url) => url === undefined) &&
    isLoopbackHost(host) &&
    access.trustedProxies.length === 0 &&
    access.allowedHosts.length === 0 &&
    AUTH_ISSUER === undefined &&
    AUTH !== 'off'
  );
};

/** What lets the system be tried out, where that is allowed. */
export const createSandbox = (
  plan: Plan,
  {
    infrastructure,
    runtime,
    logger,
  }: { readonly infrastructure: Infrastructure; readonly runtime: Runtime; readonly logger: Logger },
): Sandbox | undefined => {
  const { memoryCluster, databaseUrl } = infrastructure;
  if (!memoryCluster || !maySandbox(plan)) return undefined;
  const { runtimeOf, ...killer } = createKiller(runtime, memoryCluster.faults.expireSession);
  return {
    runtimeOf,
    embedded: {
      audit: createAudit(infrastructure, runtime),
      faults: {
        ...createBrokerFaults(memoryCluster.faults),
        SLOW_DATABASE: createSlowDatabase(() => databaseUrl('orders'), { runtime, logger }),
        KILL_CONSUMER: killer,
      },
    },
  };
};
