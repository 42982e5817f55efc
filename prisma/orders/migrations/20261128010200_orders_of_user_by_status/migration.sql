-- A user's own orders of one status, newest first: without it, whoever has many orders and few of a status would have all
-- of them read for a page.
CREATE INDEX "orders_user_id_status_seq_idx" ON "orders"("user_id", "status", "seq" DESC);
