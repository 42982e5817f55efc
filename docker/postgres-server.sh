#!/bin/bash
# One of two PostgreSQL servers, SERVER and OTHER_SERVER. One is the primary, the other its standby: that is in their data, and
# either may be either.
#   postgres-server.sh postgres ...   starts it; with no data yet it begins as a copy of the other, if there is one
#   postgres-server.sh copy           replaces its data by a copy of the other's, which is the primary now; it has to be stopped
#   /other                            the data of the other server, to be read
set -eu
readonly OTHER_DATA=/other/${PGDATA#/var/lib/postgresql/}
PGPASSWORD=$(cat /run/secrets/superuser)
export PGPASSWORD

ask_other() {
  psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --host="$OTHER_SERVER" --username=postgres --dbname=postgres "$@"
}

# timeline DATA: a number that is higher by one or more once a server was promoted.
timeline() {
  local last
  last=$(find "$1/pg_wal" -maxdepth 1 -name '*.history' | sort | tail -n 1)
  echo $((16#$(basename "${last:-00000001}" .history)))
}

# Takes a base backup by PostgreSQL's functions for that. What is written meanwhile comes over the connection of the standby.
copy() {
  until [ "$(ask_other --command='SELECT pg_is_in_recovery()' || true)" = f ]; do
    echo "waits for $OTHER_SERVER to be the primary"
    sleep 1
  done
  find "$PGDATA" -mindepth 1 -delete
  ask_other <<SQL
SELECT pg_backup_start('$SERVER', fast => true) \g /dev/null
\! bash /docker/postgres-server.sh copy-files
SELECT labelfile FROM pg_backup_stop(wait_for_archive => false) \g $PGDATA/backup_label
SQL
  [ -s "$PGDATA/PG_VERSION" ] && [ -s "$PGDATA/backup_label" ]
  touch "$PGDATA/standby.signal"
}

# All files but those of the running server. PG_VERSION comes last: without it there is no data, and a start copies again.
copy_files() {
  local status=0
  tar --create --file=- --directory="$OTHER_DATA" --exclude=./PG_VERSION --exclude='./postmaster.*' --exclude=./standby.signal \
    --exclude='./pg_wal/*' --exclude='./pg_replslot/*' --exclude='./pg_dynshmem/*' --exclude='./pg_notify/*' \
    --exclude='./pg_serial/*' --exclude='./pg_snapshots/*' --exclude='./pg_stat_tmp/*' --exclude='./pg_subtrans/*' \
    --warning=no-file-changed --warning=no-file-removed . | tar --extract --file=- --directory="$PGDATA" || status=$?
  # 1: files changed or went while they were read, as they may.
  [ "$status" -le 1 ] && cp "$OTHER_DATA/PG_VERSION" "$PGDATA/PG_VERSION"
}

as_postgres() {
  mkdir -p "$PGDATA"
  chown postgres:postgres "$PGDATA"
  chmod 700 "$PGDATA"
  gosu postgres bash "$0" "$@"
}

# Held until the server ends: no two containers are to work on the same data.
lock() {
  exec 9>/var/lib/postgresql/lock
  flock --nonblock 9 || { echo "$SERVER is running: docker compose stop $SERVER" >&2 && exit 1; }
}

case $1 in
copy-files) copy_files ;;
copy-here) copy ;;
copy) lock && as_postgres copy-here ;;
*)
  lock
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    if [ -n "${COPIES:-}" ] || [ -s "$OTHER_DATA/PG_VERSION" ]; then as_postgres copy-here; fi
  elif [ ! -e "$PGDATA/standby.signal" ] && [ ! -e "$OTHER_DATA/standby.signal" ] && [ -s "$OTHER_DATA/PG_VERSION" ] &&
    [ "$(timeline "$OTHER_DATA")" -gt "$(timeline "$PGDATA")" ]; then
    echo "$OTHER_SERVER was promoted and is the primary: this server does not start with data of before. Let it follow:" >&2
    echo "docker compose stop $SERVER && docker compose run --rm --no-deps $SERVER copy" >&2
    exit 1
  fi
  exec docker-entrypoint.sh "$@" -c "primary_conninfo=host=$OTHER_SERVER user=postgres application_name=$SERVER"
  ;;
esac
