-- Whether a value is a list of order lines; NULL is none. In strict mode a path into what is no list, no object or lacks the key
-- has no answer, which is not FALSE; and a list inside is not looked into.
CREATE FUNCTION "are_order_lines"("lines" JSONB) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN jsonb_typeof("lines") = 'array' THEN
        jsonb_array_length("lines") BETWEEN 1 AND 100
        AND ("lines" @? 'strict $[*].itemId.type() ? (@ != "string")') IS FALSE
        AND ("lines" @? 'strict $[*].quantity ? (!(@.type() == "number"
            && @ >= 1 && @ <= 100000000 && @.floor() == @))') IS FALSE
    ELSE FALSE END;

-- The trigger of placements has their rows in hand already, and its plan is kept; the condition of a trigger on each row is
-- prepared anew by each statement. Instances of the release before notice nothing.
CREATE OR REPLACE FUNCTION "refuse_fenced_orders"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    malformed JSONB;
BEGIN
    -- Not by EXISTS or a join, for which PostgreSQL may read all fences first.
    PERFORM FROM placed WHERE NOT are_order_lines(placed.lines) OR (
        SELECT fence.reservation_id FROM abandoned_reservations fence WHERE fence.reservation_id = placed.reservation_id
    ) IS NOT NULL OR (
        SELECT archived.id FROM archived_orders archived WHERE archived.id = placed.id
    ) IS NOT NULL;
    IF FOUND THEN
        SELECT placed.lines INTO malformed FROM placed WHERE NOT are_order_lines(placed.lines) LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'these are no order lines: %', left(malformed::text, 200)
                USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_lines_check', TABLE = 'orders', COLUMN = 'lines';
        END IF;
        RAISE EXCEPTION 'a reservation was abandoned, or an order of this id archived, while its order was being stored'
            USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO order_transitions (status, at, entered, "left", delivery_bin)
    SELECT status, max(updated_at), count(*), 0, NULL FROM placed GROUP BY status;
    RETURN NULL;
END $$;

-- Only of lines that are changed, which no service does.
CREATE OR REPLACE TRIGGER "orders_lines_check" BEFORE UPDATE OF "lines" ON "orders" FOR EACH ROW
    WHEN (NOT "are_order_lines"(NEW."lines"))
    EXECUTE FUNCTION "refuse_lines"();
