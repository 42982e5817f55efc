-- The stock of an item that is hot can be split: the item's row keeps a part, and buckets have the others, so that several
-- instances reserve at once. What is given back or consumed goes through the item's row, so its reserved units may be below
-- zero while it is split; together with those of its buckets they are not.
ALTER TABLE "items" ADD COLUMN "buckets" SMALLINT NOT NULL DEFAULT 0;

ALTER TABLE "items" DROP CONSTRAINT "items_nothing_below_zero";

-- Weaker than the one before, so it holds for every row; the next migration says so without locking the table for long.
ALTER TABLE "items" ADD CONSTRAINT "items_nothing_below_zero"
    CHECK ("available_qty" >= 0 AND ("reserved_qty" >= 0 OR "buckets" > 0) AND "consumed_qty" >= 0) NOT VALID;

-- No foreign key: it would be looked at with every update of an item.
CREATE TABLE "stock_buckets" (
    "item_id" TEXT NOT NULL,
    "no" SMALLINT NOT NULL,
    "available_qty" BIGINT NOT NULL,
    "reserved_qty" BIGINT NOT NULL,

    CONSTRAINT "stock_buckets_pkey" PRIMARY KEY ("item_id", "no"),
    CONSTRAINT "stock_buckets_nothing_below_zero" CHECK ("available_qty" >= 0 AND "reserved_qty" >= 0)
) WITH (
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0
);

-- Every item with all its units, wherever they are. Nothing more is read of one that is not split.
CREATE VIEW "item_stock" AS
SELECT "id", "seq", "name", "initial_qty",
    "stocked_qty" + CASE WHEN "buckets" > 0 THEN (
        SELECT coalesce(sum(b."available_qty" + b."reserved_qty"), 0) FROM "stock_buckets" b WHERE b."item_id" = "items"."id"
    ) ELSE 0 END AS "stocked_qty",
    "available_qty" + CASE WHEN "buckets" > 0 THEN (
        SELECT coalesce(sum(b."available_qty"), 0) FROM "stock_buckets" b WHERE b."item_id" = "items"."id"
    ) ELSE 0 END AS "available_qty",
    "reserved_qty" + CASE WHEN "buckets" > 0 THEN (
        SELECT coalesce(sum(b."reserved_qty"), 0) FROM "stock_buckets" b WHERE b."item_id" = "items"."id"
    ) ELSE 0 END AS "reserved_qty",
    "consumed_qty", "created_at", "buckets"
FROM "items";
