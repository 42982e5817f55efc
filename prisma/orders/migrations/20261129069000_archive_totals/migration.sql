-- What archiving has come to, in one row: each run writes it, and the metrics of the orders service are read from it.
CREATE TABLE "archive_totals" (
    "single" BOOLEAN NOT NULL DEFAULT true,
    "runs_succeeded" BIGINT NOT NULL DEFAULT 0,
    "runs_failed" BIGINT NOT NULL DEFAULT 0,
    "running_since" TIMESTAMPTZ(3),
    "succeeded_at" TIMESTAMPTZ(3),
    "files" BIGINT NOT NULL DEFAULT 0,
    "orders" BIGINT NOT NULL DEFAULT 0,
    "bytes" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "archive_totals_pkey" PRIMARY KEY ("single"),
    CONSTRAINT "archive_totals_one_row" CHECK ("single")
);

-- The sizes of the files of before are not known here.
INSERT INTO "archive_totals" ("files", "orders")
    SELECT count(*), coalesce(sum("orders"), 0) FROM "archive_files" WHERE "archived_at" IS NOT NULL;
