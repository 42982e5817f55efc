-- The reservations of archived orders are removed file by file; what they consumed of each item stays, so that the units of
-- an item add up to its reservations at every moment.
CREATE TABLE "archive_files" (
    "file" TEXT NOT NULL,
    "closed_before" TIMESTAMPTZ(3) NOT NULL,
    "removed_at" TIMESTAMPTZ(3) NOT NULL,
    "reservations" INTEGER NOT NULL,

    CONSTRAINT "archive_files_pkey" PRIMARY KEY ("file")
);

CREATE TABLE "archived_units" (
    "file" TEXT NOT NULL,
    "item_id" TEXT NOT NULL,
    "consumed_qty" BIGINT NOT NULL,

    CONSTRAINT "archived_units_pkey" PRIMARY KEY ("file", "item_id")
);
