-- How many orders entered and left each status: a row is appended for each statement that writes orders, and the orders
-- service folds them. So the orders in each status are a sum over some hundred rows, however many orders there are, and
-- no two placements ever wait for the same row. Deliveries are kept by how long they took (`delivery_bin`, below).
CREATE TABLE "order_transitions" (
    "status" "order_status" NOT NULL,
    -- The time of the transitions; -infinity in the sum of all that are older than what rates are computed from.
    "at" TIMESTAMPTZ(3) NOT NULL,
    "entered" BIGINT NOT NULL,
    "left" BIGINT NOT NULL,
    "delivery_bin" SMALLINT
);

-- A handful of rows that is rewritten all the time: its statistics and dead rows must not grow old.
ALTER TABLE "order_transitions" SET (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

-- Bins grow by a tenth: bin n holds what took from 1.1^n to 1.1^(n+1) milliseconds.
CREATE FUNCTION "delivery_bin_of"("status" "order_status", "took" INTERVAL) RETURNS SMALLINT
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN "status" = 'DELIVERED'
        THEN floor(ln(greatest(1.0, extract(epoch FROM "took") * 1000)::float8) / ln(1.1::float8))::smallint END;

-- The trigger of placements has their rows in hand already; a second one would cost as much again.
CREATE OR REPLACE FUNCTION "refuse_fenced_orders"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Not by EXISTS or a join, for which PostgreSQL may read all fences first.
    PERFORM FROM placed WHERE (
        SELECT fence.reservation_id FROM abandoned_reservations fence WHERE fence.reservation_id = placed.reservation_id
    ) IS NOT NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'a reservation was abandoned while its order was being stored'
            USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO order_transitions (status, at, entered, "left", delivery_bin)
    SELECT status, max(updated_at), count(*), 0, NULL FROM placed GROUP BY status;
    RETURN NULL;
END $$;

-- Whatever else changes orders, also by hand: what a statement leaves in its status it neither takes out nor puts in.
CREATE FUNCTION "count_order_updates"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO order_transitions (status, at, entered, "left", delivery_bin)
    SELECT status, max(at), greatest(sum(change), 0), greatest(-sum(change), 0), bin FROM (
        SELECT status, updated_at AS at, 1 AS change, delivery_bin_of(status, updated_at - created_at) AS bin FROM after
        UNION ALL
        SELECT status, updated_at, -1, delivery_bin_of(status, updated_at - created_at) FROM before
    ) AS changed GROUP BY status, bin HAVING sum(change) <> 0;
    RETURN NULL;
END $$;

CREATE FUNCTION "count_order_deletions"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO order_transitions (status, at, entered, "left", delivery_bin)
    SELECT status, '-infinity', 0, count(*), NULL FROM before GROUP BY status;
    RETURN NULL;
END $$;

CREATE TRIGGER "orders_count_updates" AFTER UPDATE ON "orders"
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION "count_order_updates"();
CREATE TRIGGER "orders_count_deletions" AFTER DELETE ON "orders"
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION "count_order_deletions"();

-- The triggers lock the table against writers until all this is committed, so nothing is placed or moved between.
INSERT INTO "order_transitions" ("status", "at", "entered", "left")
SELECT "status", '-infinity', count(*), 0 FROM "orders" GROUP BY "status";
