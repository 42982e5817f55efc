-- migrate: concurrently
CREATE INDEX CONCURRENTLY "archive_files_taken_back_idx" ON "archive_files"("id") WHERE "taken_back_at" IS NOT NULL;
