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
