CREATE TYPE "order_status" AS ENUM ('PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'CANCELLED');

CREATE TABLE "orders" (
    "id" TEXT NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "user_id" TEXT NOT NULL,
    "status" "order_status" NOT NULL,
    "lines" JSONB NOT NULL,
    "reservation_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "announced_at" TIMESTAMPTZ(3) NOT NULL,
    "stock_returned_at" TIMESTAMPTZ(3),

    CONSTRAINT "orders_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "orders_seq_key" ON "orders"("seq");
CREATE INDEX "orders_status_seq_idx" ON "orders"("status", "seq" DESC);
CREATE INDEX "orders_user_id_seq_idx" ON "orders"("user_id", "seq" DESC);

-- Those that are looked at again and again stay small whatever the number of orders: the ones on their way (the sweep,
-- the republication, the age of the oldest), and the cancelled ones whose stock is not back yet.
CREATE INDEX "orders_on_the_way_idx" ON "orders"("status", "updated_at")
    WHERE "status" IN ('PENDING', 'PROCESSING', 'SHIPPED');
CREATE INDEX "orders_stock_not_returned_idx" ON "orders"("id")
    WHERE "status" = 'CANCELLED' AND "stock_returned_at" IS NULL;

CREATE TABLE "order_history" (
    "order_id" TEXT NOT NULL,
    "status" "order_status" NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "cause" TEXT NOT NULL,

    CONSTRAINT "order_history_pkey" PRIMARY KEY ("order_id", "status")
);

CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "event_id" TEXT NOT NULL,
    "event" JSONB NOT NULL,
    "traceparent" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "outbox_event_id_key" ON "outbox"("event_id");

CREATE TABLE "abandoned_reservations" (
    "reservation_id" TEXT NOT NULL,
    "order_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "abandoned_reservations_pkey" PRIMARY KEY ("reservation_id")
);
