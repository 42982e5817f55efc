import { expect } from '@jest/globals';
import {
  NEXT_WORKER,
  TOPIC_OF,
  type OrderStatus,
  type StatusOnTheWay,
  type StuckReason,
  type Topic,
} from '@order-pipeline/contracts';
import { createMessaging, createTopicSetup, type HandleEvents } from '@order-pipeline/messaging';
import { defineService } from '@order-pipeline/service-kit';
import {
  eventually,
  inTurn,
  startLeavingBroker,
  startTestService,
  withOwnGroups,
  type TestPostgres,
  type TestService,
} from '@order-pipeline/testing';
import { WAIT } from '../broker.ts';
import { sampleOf, startHarness, type Harness } from '../harness.ts';

/** Long enough for a worker to be seen to stand, and short enough to wait for. */
export const STUCK_AFTER_MS = 2_000;

const STANDS = 'order is stuck';
const AGAIN = 'order_republished';

/** Services in which orders are soon stuck, on a Kafka that can go away, with workers that do what a test wants. */
export const startStuckHarness = async (postgres: TestPostgres, environment: Record<string, string> = {}) => {
  const kafka = await startLeavingBroker();
  const broker = withOwnGroups(kafka);
  await createTopicSetup(broker, 'test')();
  const settings = { STUCK_AFTER_MS: String(STUCK_AFTER_MS), ...environment };
  const harness = await startHarness(postgres, { broker, environment: settings });
  const item = await harness.addItem(1_000);
  const workers: TestService[] = [];
  return {
    harness,
    item,
    kafka,
    /** Starts the worker that takes orders on from `status`; it does `handle` instead of its work. */
    startWorker: async (status: StatusOnTheWay, handle: HandleEvents): Promise<void> => {
      const group = NEXT_WORKER[status];
      const worker = defineService({
        name: group,
        usesKafka: true,
        dependsOn: [],
        callTimeoutMs: 1_000,
        start: async (context) => {
          const topics: Topic[] = [TOPIC_OF[status]];
          createMessaging(group, context).consume({ group, topics, commitMode: 'auto', handle });
          return { routes: [] };
        },
      });
      const started = await startTestService(worker, { broker });
      workers.push(started);
      await eventually(async () => {
        expect((await started.context.health.readiness()).status).toBe('ready');
      }, WAIT);
    },
    close: async (): Promise<void> => {
      kafka.comeBack();
      await inTurn(() => Promise.all(workers.map((worker) => worker.close())), harness.close, kafka.stop);
    },
  };
};

export type StuckHarness = Awaited<ReturnType<typeof startStuckHarness>>;

/** The reasons that were reported of an order, in their order, with its status. */
export const reported = ({ harness }: StuckHarness, orderId: string): unknown[] =>
  harness.orders.logs
    .filter(({ msg, level, ...line }) => msg === STANDS && level === 40 && line['orderId'] === orderId)
    .map(({ status, reason }) => [status, reason]);

export const publishedAgain = ({ harness }: StuckHarness, orderId: string): unknown[] =>
  harness.orders.logs
    .filter(({ event, ...line }) => event === AGAIN && line['orderId'] === orderId)
    .map(({ reason }) => reason);

/** How many orders the gauge says are stuck for a reason. */
export const stuckIn = async (
  { harness }: { readonly harness: Pick<Harness, 'orders'> },
  status: OrderStatus,
  reason: StuckReason,
): Promise<number> => sampleOf(harness.orders, 'orders_stuck', `,status="${status}",reason="${reason}"`);
