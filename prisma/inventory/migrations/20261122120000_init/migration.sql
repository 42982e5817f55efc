CREATE TABLE "items" (
    "id" TEXT NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "initial_qty" BIGINT NOT NULL,
    "stocked_qty" BIGINT NOT NULL,
    "available_qty" BIGINT NOT NULL,
    "reserved_qty" BIGINT NOT NULL,
    "consumed_qty" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "items_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "items_nothing_below_zero" CHECK ("available_qty" >= 0 AND "reserved_qty" >= 0 AND "consumed_qty" >= 0),
    CONSTRAINT "items_nothing_lost" CHECK ("stocked_qty" = "available_qty" + "reserved_qty" + "consumed_qty")
);

CREATE UNIQUE INDEX "items_seq_key" ON "items"("seq");

CREATE TYPE "reservation_state" AS ENUM ('HELD', 'RELEASED', 'CONSUMED');

CREATE TABLE "reservations" (
    "order_id" TEXT NOT NULL,
    "reservation_id" TEXT NOT NULL,
    "state" "reservation_state" NOT NULL,
    "lines" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "check_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "reservations_pkey" PRIMARY KEY ("order_id")
);

CREATE INDEX "reservations_held_idx" ON "reservations"("check_at") WHERE "state" = 'HELD';
