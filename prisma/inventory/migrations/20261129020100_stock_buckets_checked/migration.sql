-- In a transaction of its own: others read and write meanwhile.
ALTER TABLE "items" VALIDATE CONSTRAINT "items_nothing_below_zero";
