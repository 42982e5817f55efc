import { testPlantedFaults } from '../planted-faults.ts';

testPlantedFaults([
  {
    name: 'stuck orders',
    database: 'orders',
    sql: 'SELECT 1',
    found: { 'progress: an order is stuck': ['left', 'pending', 'processing', 'shipped'] },
    limits: { orderMs: 5_000 },
  },
  {
    name: 'an order in progress that is dated ahead',
    database: 'orders',
    sql: `UPDATE orders SET created_at = created_at + interval '1 day', updated_at = updated_at + interval '1 day',
            announced_at = now() + interval '1 day' WHERE id = 'pending';
          UPDATE order_history SET at = at + interval '1 day' WHERE order_id = 'pending'`,
    found: { 'progress: an order in progress is dated ahead of the clock of its database': ['pending'] },
  },
  {
    name: 'an order that has arrived and is dated ahead is what a clock that was set back leaves: nothing of it',
    database: 'orders',
    sql: `UPDATE orders SET created_at = created_at + interval '1 day', updated_at = updated_at + interval '1 day'
            WHERE id = 'delivered';
          UPDATE order_history SET at = at + interval '1 day' WHERE order_id = 'delivered'`,
    found: {},
  },
]);
