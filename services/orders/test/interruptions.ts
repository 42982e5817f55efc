import type { NewOrder, Operation } from '@order-pipeline/contracts';
import { unavailable, type Failpoint, type Reply, type Route } from '@order-pipeline/service-kit';
import { orderOf, withRoute, type Harness } from './harness.ts';

/** The routes of a service, of which one operation does its work, and its answer is lost. */
export const withLostAnswers = (routes: readonly Route[], operation: Operation): Route[] =>
  withRoute(routes, operation, (answer) => async (input, call) => {
    await answer(input, call);
    throw unavailable('the answer was lost');
  });

/** A placement that is stopped at a failpoint, as if its process had died there. */
export interface StoppedPlacement {
  readonly order: NewOrder;
  /** Lets it continue; answers with its reply. */
  resume(): Promise<Reply>;
}

/** Places an order of these items, and resolves when it has come to the failpoint. */
export const placeUntil = async (
  { runtime, place }: Pick<Harness, 'runtime' | 'place'>,
  point: Failpoint,
  quantities: Readonly<Record<string, number>>,
): Promise<StoppedPlacement> => {
  const order = orderOf(quantities);
  const stop = runtime.orders.stopAt(point);
  const placing = place(order);
  await stop.reached;
  return {
    order,
    resume: () => {
      stop.resume();
      return placing;
    },
  };
};
