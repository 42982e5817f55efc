import { STATUSES_ON_THE_WAY, type StatusOnTheWay } from '@order-pipeline/contracts';
import { storedAgeMs, type Runtime } from '@order-pipeline/service-kit';
import { createSightings } from '../sightings.ts';
import type { OrdersStore } from '../store/index.ts';

/** How long the oldest order has been in each status, in milliseconds; nothing where there is none. */
export type OldestAges = Readonly<Record<StatusOnTheWay, number | undefined>>;

/** A date in the future gives no age: then it is how long the order was seen in its status. */
export const createOldestAges = (store: Pick<OrdersStore, 'oldestOnTheWay'>, runtime: Runtime) => {
  const sightings = createSightings(runtime);
  return async (): Promise<OldestAges> => {
    const oldest = await store.oldestOnTheWay();
    const seen = sightings(oldest.map(({ id, status }) => `${id}:${status}`));
    const ageIn = (status: StatusOnTheWay): number | undefined => {
      const ages = oldest
        .filter((order) => order.status === status)
        .map(({ id, since }) => Math.max(storedAgeMs(runtime, since), seen.get(`${id}:${status}`) ?? 0));
      return ages.length === 0 ? undefined : Math.max(...ages);
    };
    return Object.fromEntries(STATUSES_ON_THE_WAY.map((status) => [status, ageIn(status)])) as OldestAges;
  };
};
