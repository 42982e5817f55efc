import { stuckApi } from '@order-pipeline/contracts';
import { ok, routesOf, type Route } from '@order-pipeline/service-kit';
import type { StuckWatch } from './watch.ts';

const DEFAULT_LIMIT = 100;

export interface StuckParts {
  readonly stuck: Pick<StuckWatch, 'latest'>;
  readonly stuckAfterMs: number;
  readonly republishAfterMs: number;
}

/**
 * What operators ask about stuck orders. The answer is what the watch of this instance found last: every instance looks at all
 * orders, and a question costs the database nothing.
 */
export const createStuckRoutes = ({ stuck, stuckAfterMs, republishAfterMs }: StuckParts): Route[] =>
  routesOf(stuckApi, {
    listStuckOrders: async ({
      query: { status, reason, orderId, olderThanMs = 0, limit = DEFAULT_LIMIT },
    }) => {
      const { lookedAt, diagnoses } = stuck.latest();
      const found = diagnoses
        .filter((one) => status === undefined || one.order.status === status)
        .filter((one) => reason === undefined || one.reason === reason)
        .filter((one) => orderId === undefined || one.order.id === orderId)
        .filter((one) => one.ageMs > olderThanMs)
        .toSorted((one, other) => other.ageMs - one.ageMs);
      return ok({
        ...(lookedAt === undefined ? {} : { lookedAt }),
        stuckAfterMs,
        republishAfterMs,
        total: found.length,
        orders: found.slice(0, limit).map((one) => ({
          orderId: one.order.id,
          status: one.order.status,
          reason: one.reason,
          since: one.order.updatedAt.toISOString(),
          ageMs: Math.round(one.ageMs),
        })),
      });
    },
  });
