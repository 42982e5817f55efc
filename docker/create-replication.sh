#!/bin/sh
# Lets the other server of docker-compose.cluster.yml follow, and has every commit wait until it has it too. What this writes is
# copied to the standby with everything else, and holds for whichever server is the primary.
set -eu
printf 'host replication postgres all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --command "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (\"postgres\", \"postgres-2\")'"
