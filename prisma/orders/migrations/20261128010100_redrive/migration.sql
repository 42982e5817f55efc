-- Redrive is the field's word for sending a dead letter back to the group that failed. The rows stay as they are.
ALTER TYPE "dead_letter_status" RENAME VALUE 'SENDING_BACK' TO 'REDRIVING';
ALTER TYPE "dead_letter_status" RENAME VALUE 'SENT_BACK' TO 'REDRIVEN';

ALTER TABLE "dead_letters" RENAME COLUMN "send_backs" TO "redrives";

ALTER TABLE "dead_letter_actions" DROP CONSTRAINT "dead_letter_actions_action_check";
UPDATE "dead_letter_actions" SET "action" = 'REDRIVE' WHERE "action" = 'SEND_BACK';
ALTER TABLE "dead_letter_actions" ADD CONSTRAINT "dead_letter_actions_action_check"
    CHECK ("action" IN ('REDRIVE', 'DISCARD', 'REFUSED'));
