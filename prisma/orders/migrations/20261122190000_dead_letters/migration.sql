CREATE TYPE "dead_letter_status" AS ENUM ('OPEN', 'SENDING_BACK', 'SENT_BACK', 'DISCARDED');

CREATE TABLE "dead_letters" (
    "id" TEXT NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "status" "dead_letter_status" NOT NULL,
    "topic" TEXT NOT NULL,
    "partition" INTEGER NOT NULL,
    "message_offset" BIGINT NOT NULL,
    "consumer_group" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "tries" INTEGER NOT NULL,
    "send_backs" INTEGER NOT NULL,
    "previous_id" TEXT,
    "order_id" TEXT,
    "failed_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "key" BYTEA,
    "value" BYTEA,
    "headers" JSON NOT NULL,

    CONSTRAINT "dead_letters_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "dead_letters_seq_key" ON "dead_letters"("seq");
CREATE INDEX "dead_letters_status_seq_idx" ON "dead_letters"("status", "seq" DESC);
CREATE INDEX "dead_letters_order_id_idx" ON "dead_letters"("order_id");
CREATE INDEX "dead_letters_previous_id_idx" ON "dead_letters"("previous_id");

-- Counted again and again for the metrics, and few, however many were worked before.
CREATE INDEX "dead_letters_open_idx" ON "dead_letters"("topic", "consumer_group") WHERE "status" = 'OPEN';

CREATE TABLE "dead_letter_actions" (
    "id" BIGSERIAL NOT NULL,
    "letter_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "note" TEXT,
    "forced" BOOLEAN NOT NULL,

    CONSTRAINT "dead_letter_actions_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "dead_letter_actions_action_check" CHECK ("action" IN ('SEND_BACK', 'DISCARD', 'REFUSED')),
    CONSTRAINT "dead_letter_actions_letter_id_fkey" FOREIGN KEY ("letter_id") REFERENCES "dead_letters"("id")
        ON DELETE RESTRICT ON UPDATE CASCADE
);

CREATE INDEX "dead_letter_actions_letter_id_idx" ON "dead_letter_actions"("letter_id");
