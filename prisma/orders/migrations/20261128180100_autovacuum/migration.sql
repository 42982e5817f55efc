-- By default PostgreSQL waits until a fifth of a table is dead. Of a table that grows for years that is ever more and later,
-- and then it takes hours. None of these settings keeps anybody from reading or writing meanwhile.

-- A hundredth, and as often for rows that were only added: index-only scans and freezing keep up with them.
ALTER TABLE "orders" SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.02);
ALTER TABLE "order_history" SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.02);

-- Each row lives for a moment, so what is alive says nothing of what is dead: by number, and at full speed. What is empty at
-- the end is filled again, and to give it back to the disk takes a lock that placements would wait for.
ALTER TABLE "outbox" SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
    autovacuum_vacuum_insert_threshold = -1,
    autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off
);
