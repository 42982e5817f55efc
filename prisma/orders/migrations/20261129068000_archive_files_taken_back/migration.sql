-- A file that was taken back stays known by its name: who was held up while it was taken back may write it after that.
ALTER TABLE "archive_files" ADD COLUMN "taken_back_at" TIMESTAMPTZ(3);
