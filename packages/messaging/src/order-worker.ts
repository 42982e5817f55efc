import { PREDECESSOR, TOPIC_OF, type ServiceName, type WorkerTarget } from '@order-pipeline/contracts';
import type { RunningService, ServiceContext } from '@order-pipeline/service-kit';
import { createAdvanceOrders, orderToAdvance } from './advance-orders.ts';
import { createMessaging } from './messaging.ts';

/**
 * Starts a worker that consumes the events of one status and moves their orders to the next at once. Its group
 * and the cause in the orders' history have the service's name.
 */
export const startOrderWorker = (
  name: ServiceName,
  to: Exclude<WorkerTarget, 'PROCESSING'>,
  context: ServiceContext<unknown>,
): RunningService => {
  const { publisher, consume } = createMessaging(name, context);
  const advance = createAdvanceOrders({ ...context, to, cause: name, publisher });
  consume({
    group: name,
    topics: [TOPIC_OF[PREDECESSOR[to]]],
    commitMode: 'auto',
    handle: async (events, batch) => {
      const locked = new Set(
        (await advance(events.map(orderToAdvance), batch)).map(({ orderId }) => orderId),
      );
      return events.filter(({ event }) => locked.has(event.orderId));
    },
  });
  return { routes: [] };
};
