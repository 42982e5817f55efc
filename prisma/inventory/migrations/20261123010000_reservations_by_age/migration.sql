-- Held reservations are looked through by their age, and nothing is written for a look.
DROP INDEX "reservations_held_idx";

ALTER TABLE "reservations" DROP COLUMN "check_at";

CREATE INDEX "reservations_held_idx" ON "reservations"("created_at", "order_id") WHERE "state" = 'HELD';
