import { testPlantedFaults } from '../planted-faults.ts';

testPlantedFaults([
  {
    name: 'an order of nobody',
    database: 'orders',
    sql: `UPDATE orders SET user_id = 'nobody' WHERE id = 'pending'`,
    found: { 'users: the user of an order does not exist': ['pending'] },
  },
  {
    name: 'a user that is stored twice, since its index is broken,',
    database: 'users',
    sql: `ALTER TABLE users DROP CONSTRAINT users_pkey; INSERT INTO users SELECT * FROM users`,
    found: { 'users: a user is stored twice': ['user11'] },
  },
]);
