import { expect } from '@jest/globals';
import type { OrderLine } from '@order-pipeline/contracts';
import type { Shop } from './shop.ts';

interface Claim {
  readonly id: string;
  readonly reservation: string;
  readonly state: string;
  readonly lines: readonly OrderLine[];
}

const unitsOf = (lines: readonly OrderLine[]): Record<string, number> => {
  const units: Record<string, number> = {};
  for (const { itemId, quantity } of lines) units[itemId] = (units[itemId] ?? 0) + quantity;
  return units;
};

const claimOf = ({ id, reservation, lines }: Claim) => ({ id, reservation, units: unitsOf(lines) });

const byId = (a: Claim, b: Claim): number => (a.id < b.id ? -1 : 1);

/** The orders that need stock, and the reservations that hold it or let it out. */
const readClaims = async ({ database }: Shop) => {
  const orders = await database.orders.$queryRaw<Claim[]>`
    SELECT id, reservation_id AS reservation, status::text AS state, lines FROM orders WHERE status <> 'CANCELLED'`;
  const reservations = await database.inventory.$queryRaw<Claim[]>`
    SELECT order_id AS id, reservation_id AS reservation, state::text AS state, lines FROM reservations
    WHERE state <> 'RELEASED'`;
  return { orders: orders.toSorted(byId), reservations: reservations.toSorted(byId) };
};

/**
 * Every order that is not cancelled stands on exactly the reservation that it was stored with, every reservation has its
 * order, and every unit of every item is where the reservations say.
 */
export const expectBooksToBalance = async (shop: Shop): Promise<void> => {
  const { orders, reservations } = await readClaims(shop);
  expect(reservations.map(claimOf)).toEqual(orders.map(claimOf));
  const wrong = await shop.database.inventory.$queryRaw`
    WITH units AS (
      SELECT line."itemId" AS id,
        sum(line.quantity) FILTER (WHERE state = 'HELD') AS held,
        sum(line.quantity) FILTER (WHERE state = 'CONSUMED') AS consumed
      FROM reservations, jsonb_to_recordset(lines) AS line("itemId" text, quantity bigint) GROUP BY 1
    )
    SELECT items.id FROM items LEFT JOIN units USING (id)
    WHERE available_qty < 0 OR reserved_qty <> coalesce(held, 0) OR consumed_qty <> coalesce(consumed, 0)
      OR stocked_qty <> available_qty + reserved_qty + consumed_qty`;
  expect(wrong).toEqual([]);
};
