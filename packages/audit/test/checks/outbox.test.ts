import { testPlantedFaults } from '../planted-faults.ts';

testPlantedFaults([
  {
    name: 'an event that waits in the outbox for too long',
    database: 'orders',
    sql: `INSERT INTO outbox (event_id, event, traceparent, created_at) VALUES
            ('pending:PENDING', '{"orderId":"pending","status":"PENDING"}', '', now() - interval '61 seconds'),
            ('left:SHIPPED', '{"orderId":"left","status":"SHIPPED"}', '', now())`,
    found: { 'outbox: an event has been in the outbox for too long': ['pending:PENDING'] },
  },
  {
    name: 'an event in the outbox of a step that was not taken',
    database: 'orders',
    sql: `INSERT INTO outbox (event_id, event, traceparent, created_at) VALUES
            ('pending:SHIPPED', '{"orderId":"pending","status":"SHIPPED"}', '', now())`,
    found: {
      'outbox: an event in the outbox announces a transition that did not happen': ['pending:SHIPPED'],
    },
  },
  {
    name: 'an event in the outbox under the id of another one',
    database: 'orders',
    sql: `INSERT INTO outbox (event_id, event, traceparent, created_at) VALUES
            ('other:PENDING', '{"orderId":"pending","status":"PENDING"}', '', now())`,
    found: { 'outbox: an event in the outbox has the id of another one': ['other:PENDING'] },
  },
]);
