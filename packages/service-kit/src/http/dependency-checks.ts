import type { Read, ServiceName } from '@order-pipeline/contracts';
import type { HealthCheck } from '../health.ts';
import { createOwnCall } from '../reply.ts';
import type { ServiceContext } from '../service.ts';

type Asker = Pick<ServiceContext<unknown>, 'clients' | 'health' | 'closers' | 'runtime' | 'logger'>;

/** A service as one that asks it has to know it. */
export interface Dependency {
  readonly service: ServiceName;
  /** What it is asked for once, at the start. */
  readonly reads: readonly Read[];
}

const FAILURE = 500;

/** Fails until every read was answered, by the way that requests take; after that it says whether the service is up. */
const createDependencyCheck = (
  { clients, runtime, logger }: Asker,
  { service, reads }: Dependency,
): HealthCheck => {
  let proven = false;
  let proving: Promise<void> | undefined;

  const ownCall = createOwnCall('readiness', { runtime, logger });
  const prove = async (): Promise<void> => {
    const replies = await Promise.all(
      reads.map(({ operation, input }) => clients.forward(service, operation, input, ownCall())),
    );
    proven = replies.every(({ status }) => status < FAILURE);
  };
  return async () => {
    if (!(await clients.ping(service))) return 'does not answer';
    if (proven) return undefined;
    // One at a time, however often it is asked for.
    await (proving ??= prove().finally(() => {
      proving = undefined;
    }));
    return proven ? undefined : 'does not serve requests yet';
  };
};

/**
 * Health checks of the services which this one asks. At the start each has to answer a read once, through all that a
 * request passes, so that the first request of a client finds every part of its way in use already. Later they are only
 * reported: what does not need a service that is down continues, and what does is answered 503.
 */
export const checkDependencies = (asker: Asker, asked: readonly Dependency[]): void => {
  for (const peer of asked) {
    const remove = asker.health.add(
      `${peer.service} service`,
      createDependencyCheck(asker, peer),
      'dependency',
    );
    asker.closers.add(`health check of ${peer.service}`, async () => remove());
  }
};
