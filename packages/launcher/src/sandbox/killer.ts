import type { ServiceName } from '@order-pipeline/contracts';
import {
  sleep,
  unavailable,
  type Failpoint,
  type FaultSwitch,
  type Runtime,
} from '@order-pipeline/service-kit';

/** Longer than a consumer goes without a heartbeat: by then it knows that it was evicted. */
const DEAD_MS = 5_000;

/** What a consumer does just before it commits: where its death is worst. */
const DEADLY: ReadonlySet<Failpoint> = new Set([
  'worker.afterMoveBeforePublish',
  'worker.afterPublishBeforeCommit',
  'inventory.afterConsumeBeforeCommit',
]);

/** Kills consumers at failpoints. */
export interface Killer extends FaultSwitch {
  /** The runtime of a service, in which it can be killed. */
  runtimeOf(service: ServiceName): Runtime;
}

/**
 * Kills the next consumer that comes to one of its failpoints: it goes no further from there, its group evicts it as it does
 * with one whose process has ended, and what it had in hand goes to the consumer that joins in its place, from the last
 * commit on. It is not the process that ends: all services share it.
 *
 * @param evict has the broker miss the members of a group; it has the name of its service
 */
export const createKiller = (runtime: Runtime, evict: (group: string) => void): Killer => {
  let isArmed = false;
  let hits = 0;
  const die = async (service: ServiceName, point: Failpoint): Promise<never> => {
    isArmed = false;
    hits += 1;
    evict(service);
    await sleep(runtime, DEAD_MS);
    throw unavailable(`The consumer was killed at ${point}, as the sandbox was asked to`);
  };
  return {
    on: () => {
      isArmed = true;
      hits = 0;
    },
    off: () => {
      isArmed = false;
    },
    hits: () => hits,
    runtimeOf: (service) => ({
      ...runtime,
      failpoint: (point) => (isArmed && DEADLY.has(point) ? die(service, point) : runtime.failpoint(point)),
    }),
  };
};
