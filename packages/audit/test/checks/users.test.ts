import { definePlantTests } from '../plants.ts';

definePlantTests([
  {
    name: 'an order of nobody',
    database: 'orders',
    sql: `UPDATE orders SET user_id = 'nobody' WHERE id = 'pending'`,
    found: { 'users: the user of an order is not there': ['pending'] },
  },
]);
