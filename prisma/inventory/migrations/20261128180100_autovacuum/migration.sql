-- By default PostgreSQL waits until a fifth of a table is dead: see the migration of the same name of the orders database.
ALTER TABLE "reservations" SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.02);

-- Few rows, each rewritten with every order: by number.
ALTER TABLE "items" SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0
);
