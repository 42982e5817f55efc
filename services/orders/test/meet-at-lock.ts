import { expect } from '@jest/globals';
import { eventually } from '@order-pipeline/testing';
import type { PrismaClient } from '../src/generated/client.ts';

/** Does `work` while somebody keeps the row of an order locked, as a session that hangs does. */
export const whileOrderLocked = <T>(
  database: PrismaClient,
  orderId: string,
  work: () => Promise<T>,
): Promise<T> =>
  database.$transaction(
    async (sql) => {
      await sql.$queryRaw`SELECT FROM orders WHERE id = ${orderId} FOR UPDATE`;
      return work();
    },
    { timeout: 20_000 },
  );

/** Locks an order, lets `work` begin, and unlocks it once `waiting` statements wait for it: so they meet for certain. */
export const meetAtOrder = async <T>(
  database: PrismaClient,
  { orderId, waiting }: { readonly orderId: string; readonly waiting: number },
  work: () => Promise<T>,
): Promise<T> => {
  const { running } = await database.$transaction(
    async (sql) => {
      await sql.$queryRaw`SELECT FROM orders WHERE id = ${orderId} FOR UPDATE`;
      const begun = work();
      await eventually(async () => {
        const rows = await database.$queryRaw`
          SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        expect(rows).toHaveLength(waiting);
      });
      return { running: begun };
    },
    { timeout: 10_000 },
  );
  return running;
};
