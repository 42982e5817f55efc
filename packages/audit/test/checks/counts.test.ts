import { testPlantedFaults } from '../planted-faults.ts';

const WRONG = 'counts: the stored count of a status is not the number of its orders';

testPlantedFaults([
  {
    name: 'a transition that was not counted',
    database: 'orders',
    sql: "DELETE FROM order_transitions WHERE status = 'SHIPPED'",
    found: { [WRONG]: ['SHIPPED'] },
  },
  {
    name: 'one that was counted twice',
    database: 'orders',
    sql: 'INSERT INTO order_transitions (status, at, entered, "left") VALUES (\'DELIVERED\', now(), 1, 0)',
    found: { [WRONG]: ['DELIVERED'] },
  },
]);
