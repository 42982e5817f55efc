-- What operators did. The id sorts by the time, whatever the locale of the database.
CREATE TABLE "operator_actions" (
    "id" TEXT COLLATE "C" NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "action" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "proof" TEXT NOT NULL,
    "reason" TEXT,
    "request_id" TEXT NOT NULL,

    CONSTRAINT "operator_actions_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "operator_actions_target_id_idx" ON "operator_actions"("target", "id" DESC);

-- What was done with dead letters before has no request that it came from.
INSERT INTO "operator_actions" ("id", "at", "action", "target", "by", "proof", "reason", "request_id")
SELECT lpad(to_hex((extract(epoch FROM "at") * 1000)::bigint), 12, '0') || '-000000000000-' || "id",
    "at", "action" || '_DEAD_LETTER', "letter_id", "by", 'NAMED', "note", 'unknown'
FROM "dead_letter_actions" WHERE "action" IN ('REDRIVE', 'DISCARD');
