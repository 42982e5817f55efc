-- Whether a value is a list of order lines; NULL is none. As in the orders database.
CREATE FUNCTION "are_order_lines"("lines" JSONB) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN jsonb_typeof("lines") = 'array' THEN
        jsonb_array_length("lines") BETWEEN 1 AND 100
        AND ("lines" @? 'strict $[*].itemId.type() ? (@ != "string")') IS FALSE
        AND ("lines" @? 'strict $[*].quantity ? (!(@.type() == "number"
            && @ >= 1 && @ <= 100000000 && @.floor() == @))') IS FALSE
    ELSE FALSE END;

-- The same check at the end of the statement: its plan is kept, while the condition of a trigger on each row is prepared anew by
-- each statement. Instances of the release before notice nothing.
CREATE FUNCTION "refuse_lines_of_reservations"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    malformed JSONB;
BEGIN
    SELECT held.lines INTO malformed FROM held WHERE NOT are_order_lines(held.lines) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'these are no order lines: %', left(malformed::text, 200)
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reservations_lines_check', TABLE = 'reservations', COLUMN = 'lines';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER "reservations_refuse_lines" AFTER INSERT ON "reservations"
    REFERENCING NEW TABLE AS held FOR EACH STATEMENT EXECUTE FUNCTION "refuse_lines_of_reservations"();

-- Only of lines that are changed: where a released reservation is made again.
CREATE OR REPLACE TRIGGER "reservations_lines_check" BEFORE UPDATE OF "lines" ON "reservations" FOR EACH ROW
    WHEN (NOT "are_order_lines"(NEW."lines"))
    EXECUTE FUNCTION "refuse_lines"();
