import type { OrderStatus } from '@order-pipeline/contracts';
import type { Findings } from '../findings.ts';
import { EXPECTED } from './lifecycle.ts';
import type { ReadableServer } from '../world/database/real-database.ts';

interface OrderRow {
  readonly id: string;
  readonly status: OrderStatus;
  readonly reservation_id: string;
}
interface ReservationRow {
  readonly order_id: string;
  readonly reservation_id: string;
  readonly state: string;
}

/**
 * What holds at every instant, in the middle of everything: an order stands on its own reservation. Nothing happens while
 * this reads, so what two databases say is of one moment.
 */
export const checkInvariants = async ({ databases }: ReadableServer, findings: Findings): Promise<void> => {
  const orders = await databases.orders.read<OrderRow & Record<string, string>>(
    'SELECT id, status::text AS status, reservation_id FROM orders',
  );
  const reservations = await databases.inventory.read<ReservationRow & Record<string, string>>(
    'SELECT order_id, reservation_id, state::text AS state FROM reservations',
  );
  const byOrder = new Map(reservations.map((row) => [row.order_id, row]));
  for (const { id, status, reservation_id: expected } of orders) {
    const reservation = byOrder.get(id);
    // A repeat that was late may hold stock for a cancelled order for a moment, by a reservation of its own.
    const isOwn = reservation?.reservation_id === expected || status === 'CANCELLED';
    if (isOwn && reservation && EXPECTED[status].reservation.includes(reservation.state)) continue;
    const stands = reservation
      ? `${reservation.state}${reservation.reservation_id === expected ? '' : ', another one'}`
      : 'missing';
    findings.add(
      'stock is held for an order until it leaves or the order is cancelled',
      [id],
      `${status}, ${stands}`,
    );
  }
};
