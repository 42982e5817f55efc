import { testPlantedFaults } from '../planted-faults.ts';

testPlantedFaults([
  {
    name: 'an order that was stored with a reservation that had been given up',
    database: 'orders',
    sql: `INSERT INTO abandoned_reservations VALUES
            ('r-pending', 'pending', now() - interval '2 minutes'), ('r-gone', 'gone', now() - interval '2 minutes')`,
    found: { 'abandoned: an order was stored with an abandoned reservation': ['pending'] },
  },
]);
