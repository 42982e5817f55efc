import { definePlantTests } from '../plants.ts';

definePlantTests([
  {
    name: 'orders that stand still',
    database: 'orders',
    sql: 'SELECT 1',
    found: { 'progress: an order stands still': ['left', 'pending', 'processing', 'shipped'] },
    limits: { orderMs: 5_000 },
  },
]);
