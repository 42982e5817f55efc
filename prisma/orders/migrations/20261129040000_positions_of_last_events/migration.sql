-- Where the event of a status stands that no consumer takes, so that no transition keeps its position: ORDER_DELIVERED. Null
-- until its publisher has reported it, and where it never does. Instances of the release before name the columns that they
-- insert and read, and go on.
ALTER TABLE "order_history" ADD COLUMN "published_partition" INTEGER, ADD COLUMN "published_offset" BIGINT;
