-- Every index of orders is written with each placement and again with each transition, since a status is part of most of
-- them. The newest orders of all statuses are merged from those of each status, which other indexes have in order; what
-- makes "seq" unique is its sequence.
DROP INDEX "orders_seq_key";
DROP INDEX "orders_user_id_seq_idx";
