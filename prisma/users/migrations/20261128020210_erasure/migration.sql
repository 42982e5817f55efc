-- Of a user who was erased the id stays, and nothing that says who it was.
ALTER TABLE "users" ADD COLUMN "erased_at" TIMESTAMPTZ(3);
ALTER TABLE "users" ADD CONSTRAINT "users_erased_check" CHECK ("erased_at" IS NULL OR ("name" = '' AND "email" = ''));
