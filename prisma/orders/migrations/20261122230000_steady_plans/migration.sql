-- Those that are due for republication come first in it, however many stand still and were announced a moment ago.
CREATE INDEX "orders_announced_idx" ON "orders"("announced_at")
    WHERE "status" IN ('PENDING', 'PROCESSING', 'SHIPPED');

-- What operators filter by, in the order in which they see it.
CREATE INDEX "dead_letters_topic_seq_idx" ON "dead_letters"("topic", "seq" DESC);
CREATE INDEX "dead_letters_consumer_group_seq_idx" ON "dead_letters"("consumer_group", "seq" DESC);
CREATE INDEX "dead_letters_order_id_seq_idx" ON "dead_letters"("order_id", "seq" DESC);
CREATE INDEX "dead_letters_previous_id_seq_idx" ON "dead_letters"("previous_id", "seq");
DROP INDEX "dead_letters_order_id_idx";
DROP INDEX "dead_letters_previous_id_idx";

-- How many rows stand in a status changes within seconds; statistics of it are hours old, and where they say that there
-- are none, PostgreSQL reads and sorts the hundred thousand that came since. Without statistics it reckons with the same
-- share of the rows for every status, and enters the index that has the order that is asked for. The same of topics and
-- groups, of which one may have nearly all letters. Naming the type again drops the statistics that are there.
ALTER TABLE "orders"
    ALTER COLUMN "status" TYPE "order_status",
    ALTER COLUMN "status" SET STATISTICS 0;
ALTER TABLE "dead_letters"
    ALTER COLUMN "status" TYPE "dead_letter_status",
    ALTER COLUMN "status" SET STATISTICS 0,
    ALTER COLUMN "topic" TYPE TEXT,
    ALTER COLUMN "topic" SET STATISTICS 0,
    ALTER COLUMN "consumer_group" TYPE TEXT,
    ALTER COLUMN "consumer_group" SET STATISTICS 0;
