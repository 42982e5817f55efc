-- Closed orders can be moved into files. Of each a narrow row stays, so that its id is taken for ever.

-- Eight bytes to tell one content from another.
CREATE FUNCTION "short_digest"("content" TEXT) RETURNS BYTEA LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    substring(sha256(convert_to("content", 'UTF8')) FROM 1 FOR 8);

-- What an order asks for: whose it is, and the units of each item, however its lines are sorted or split.
CREATE FUNCTION "order_digest"("user_id" TEXT, "lines" JSONB) RETURNS BYTEA LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    short_digest(jsonb_build_array("user_id", (
        SELECT jsonb_agg(jsonb_build_array(item, quantity) ORDER BY item COLLATE "C") FROM (
            SELECT line."itemId" AS item, sum(line.quantity) AS quantity
            FROM jsonb_to_recordset("lines") AS line("itemId" TEXT, quantity BIGINT) GROUP BY 1
        ) AS merged
    ))::text);

-- A file of the archive. It is announced here before it is written; its orders are removed by the transaction that dates it.
CREATE TABLE "archive_files" (
    "id" SERIAL NOT NULL,
    "file" TEXT NOT NULL,
    "closed_before" TIMESTAMPTZ(3) NOT NULL,
    "archived_at" TIMESTAMPTZ(3),
    "orders" INTEGER,
    "sha256" TEXT,
    "reservations_removed_at" TIMESTAMPTZ(3),

    CONSTRAINT "archive_files_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "archive_files_file_key" ON "archive_files"("file");

CREATE TABLE "archived_orders" (
    "seq" BIGINT NOT NULL,
    "file_id" INTEGER NOT NULL,
    "status" "order_status" NOT NULL,
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "content_digest" BYTEA NOT NULL,
    "reservation_digest" BYTEA NOT NULL,

    CONSTRAINT "archived_orders_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "archived_orders_user_id_seq_idx" ON "archived_orders"("user_id", "seq" DESC);
-- Rows come file by file.
CREATE INDEX "archived_orders_file_id_idx" ON "archived_orders" USING brin ("file_id") WITH (pages_per_range = 16);

-- The same look that finds a fence finds an order of this id that was archived meanwhile.
CREATE OR REPLACE FUNCTION "refuse_fenced_orders"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Not by EXISTS or a join, for which PostgreSQL may read all fences first.
    PERFORM FROM placed WHERE (
        SELECT fence.reservation_id FROM abandoned_reservations fence WHERE fence.reservation_id = placed.reservation_id
    ) IS NOT NULL OR (
        SELECT archived.id FROM archived_orders archived WHERE archived.id = placed.id
    ) IS NOT NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'a reservation was abandoned, or an order of this id archived, while its order was being stored'
            USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO order_transitions (status, at, entered, "left", delivery_bin)
    SELECT status, max(updated_at), count(*), 0, NULL FROM placed GROUP BY status;
    RETURN NULL;
END $$;
