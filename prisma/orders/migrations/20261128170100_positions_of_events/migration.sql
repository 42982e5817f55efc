-- Where the event stands that caused a transition. Its topic follows from the status before. Null where no event did, and in
-- rows of before. Instances of the release before name the columns that they insert, and go on.
ALTER TABLE "order_history" ADD COLUMN "event_partition" INTEGER, ADD COLUMN "event_offset" BIGINT;
