import { STATUSES_ON_THE_WAY, STUCK_REASONS, type StuckReason } from '@order-pipeline/contracts';
import { timeOfDay, type Metrics, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { WaitingOrder } from '../store/index.ts';

/** A stuck order, and why. */
export interface Diagnosis {
  readonly order: WaitingOrder;
  readonly reason: StuckReason;
  readonly ageMs: number;
}

/** What a look at all orders found. */
export interface Look {
  /** ISO 8601; missing before the first one. */
  readonly lookedAt?: string;
  readonly diagnoses: readonly Diagnosis[];
}

/** How many orders have a line of their own in the log at a time. */
const MAX_LINES = 20;

/** Reports stuck orders: all in the gauge, each that is new, or is stuck for another reason now, in the log. */
export const createReport = (options: {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly runtime: Runtime;
}) => {
  const { logger } = options;
  const gauge = options.metrics.gauge('orders_stuck');
  let reported = new Map<string, StuckReason>();
  let latest: Look = { diagnoses: [] };

  const count = (diagnoses: readonly Diagnosis[]): void => {
    for (const status of STATUSES_ON_THE_WAY) {
      for (const reason of STUCK_REASONS) {
        const some = diagnoses.filter((one) => one.order.status === status && one.reason === reason);
        gauge.set({ status, reason }, some.length);
      }
    }
  };
  return {
    reasonOf: (orderId: string) => reported.get(orderId),
    latest: (): Look => latest,
    report: (diagnoses: readonly Diagnosis[]): void => {
      count(diagnoses);
      latest = { lookedAt: timeOfDay(options.runtime), diagnoses };
      const news = diagnoses.filter(({ order, reason }) => reported.get(order.id) !== reason);
      for (const { order, reason, ageMs } of news.slice(0, MAX_LINES)) {
        const { id: orderId, status } = order;
        logger.warn({ orderId, status, reason, ageMs: Math.round(ageMs) }, 'order is stuck');
      }
      if (news.length > MAX_LINES) logger.warn({ orders: news.length - MAX_LINES }, 'more orders are stuck');
      reported = new Map(diagnoses.map(({ order, reason }) => [order.id, reason]));
    },
  };
};
