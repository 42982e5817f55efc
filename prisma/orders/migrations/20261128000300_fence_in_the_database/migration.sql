-- The last word on whether an order may stand on its reservation. It comes when the rows are in the index of orders, and
-- it sees what was committed until then, not what the statement began with: so a placement under way either meets the
-- settlement that fences its reservation at the order's id, or finds the fence here. Nobody locks a table for it.
CREATE FUNCTION "refuse_fenced_orders"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Not by EXISTS or a join, for which PostgreSQL may read all fences first.
    PERFORM FROM placed WHERE (
        SELECT fence.reservation_id FROM abandoned_reservations fence WHERE fence.reservation_id = placed.reservation_id
    ) IS NOT NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'a reservation was abandoned while its order was being stored'
            USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER "orders_refuse_fenced" AFTER INSERT ON "orders"
    REFERENCING NEW TABLE AS placed FOR EACH STATEMENT EXECUTE FUNCTION "refuse_fenced_orders"();
