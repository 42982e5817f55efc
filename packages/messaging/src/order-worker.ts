import {
  NEXT_WORKER,
  PREDECESSOR,
  TOPIC_OF,
  type ServiceName,
  type WorkerTarget,
} from '@order-pipeline/contracts';
import type { RunningService, ServiceContext } from '@order-pipeline/service-kit';
import { createAdvanceOrders, orderToAdvance } from './advance-orders.ts';
import { createMessaging } from './messaging.ts';
import { startPositionReports } from './position-reports.ts';

/** The positions of events that no consumer takes are reported; those of others are kept when they move an order. */
const startReports = (name: ServiceName, to: WorkerTarget, context: ServiceContext<unknown>) => {
  if (to in NEXT_WORKER) return undefined;
  const reports = startPositionReports(name, TOPIC_OF[to], context);
  // Before the consumer and the producer are added: it is closed after them, and reports what they did last.
  context.closers.add('positions of events', () => reports.stop());
  return reports.add;
};

/**
 * Starts a worker that consumes the events of one status and moves their orders to the next at once. Its group
 * and the cause in the orders' history have the service's name.
 */
export const startOrderWorker = (
  name: ServiceName,
  to: Exclude<WorkerTarget, 'PROCESSING'>,
  context: ServiceContext<unknown>,
): RunningService => {
  const onSent = startReports(name, to, context);
  const { publisher, consume } = createMessaging(name, context, undefined, onSent);
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
