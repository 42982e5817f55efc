-- What stands in "lines" is a list of 1 to 100 entries with the id of an item and a whole quantity: else no statement over
-- many rows can be computed. A trigger and not a CHECK: PostgreSQL evaluates a CHECK at every update of a row, so a row
-- from before that breaks it could never change its status again, and would fail every batch that it is in. This looks
-- only at lines that are written, and costs nothing at a transition.
CREATE OR REPLACE FUNCTION "refuse_lines"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'these are no order lines: %', left(NEW."lines"::text, 200)
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME, COLUMN = 'lines';
END $$;

-- The second path looks for entries that are lists themselves, which the first one would look into.
CREATE TRIGGER "orders_lines_check" BEFORE INSERT OR UPDATE OF "lines" ON "orders" FOR EACH ROW
    WHEN (NOT (
        jsonb_typeof(NEW."lines") = 'array'
        AND jsonb_array_length(NEW."lines") BETWEEN 1 AND 100
        AND (NEW."lines" @? '$[*] ? (!(@.itemId.type() == "string" && @.quantity.type() == "number"
            && @.quantity >= 1 && @.quantity <= 100000000 && @.quantity.floor() == @.quantity))') IS FALSE
        AND (NEW."lines" @? '$[*].type() ? (@ != "object")') IS FALSE
    ))
    EXECUTE FUNCTION "refuse_lines"();
