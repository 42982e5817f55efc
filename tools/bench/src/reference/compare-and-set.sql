-- A step of an order when it is written by hand: one compare-and-set an order. Every client has its own orders.
\set n :n + 1
UPDATE orders SET status = 'PROCESSING', updated_at = now()
WHERE id = 'step-' || :client_id::text || '-' || :n::text AND status = 'PENDING';
