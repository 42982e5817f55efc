-- What an order costs when it is written by hand: one transaction an order, on the tables and indexes of the services.
-- Every client counts its own orders; run tells the rounds apart. (A colon in a string would be a variable to pgbench.)
\set n :n + 1
\set user random(1, 1000)
\set item random(1, 1000)
BEGIN;
SELECT id FROM users WHERE id = 'user-' || :user::text;
UPDATE items SET available_qty = available_qty - 1, reserved_qty = reserved_qty + 1
WHERE id = 'item-' || :item::text AND available_qty >= 1;
INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
VALUES (
  'order-' || :run::text || '-' || :client_id::text || '-' || :n::text, 'user-' || :user::text, 'PENDING',
  jsonb_build_array(jsonb_build_object('itemId', 'item-' || :item::text, 'quantity', 1)),
  gen_random_uuid()::text, now(), now(), now()
);
INSERT INTO outbox (event_id, event, traceparent, created_at)
VALUES (
  'order-' || :run::text || '-' || :client_id::text || '-' || :n::text || chr(58) || 'PENDING',
  jsonb_build_object(
    'orderId', 'order-' || :run::text || '-' || :client_id::text || '-' || :n::text,
    'userId', 'user-' || :user::text,
    'items', jsonb_build_array(jsonb_build_object('itemId', 'item-' || :item::text, 'quantity', 1)),
    'status', 'PENDING', 'at', now()
  ),
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', now()
);
COMMIT;
