-- Restocks under a key of the client's own, so that the same again changes nothing. What was answered is kept with it.
CREATE TABLE "restocks" (
    "item_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "quantity" BIGINT NOT NULL,
    "available_qty" BIGINT NOT NULL,
    "reserved_qty" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "restocks_pkey" PRIMARY KEY ("item_id", "key")
);

CREATE INDEX "restocks_at_idx" ON "restocks"("at");
