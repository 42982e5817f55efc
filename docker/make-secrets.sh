#!/bin/bash
# Makes the passwords of the databases and of Kafka, once: in each folder below are the secrets of one container. What is set in the
# environment is taken instead of chance, also later.
set -eu
umask 022
readonly SERVICE_USER=1000

# keep FILE VALUE: what FILE holds from now on.
keep() {
  printf '%s\n' "$2" >"$1.partial"
  mv "$1.partial" "$1"
}

random() {
  head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}

# password NAME GIVEN: the password that was given, or the one of before, or a new one.
password() {
  local file=/secrets/postgres/$1
  if [ -n "$2" ]; then
    keep "$file" "$2"
  elif [ ! -s "$file" ]; then
    keep "$file" "$(random)"
  fi
  cat "$file"
}

# url NAME GIVEN PASSWORD [HOST FILE]: where a service finds its database, for that service alone.
url() {
  local file=/secrets/$1/${5:-database-url}
  keep "$file" "${2:-postgresql://$1:$3@${4:-${POSTGRES_HOST:-postgres}}:5432/$1}"
  chmod 400 "$file"
  chown "$SERVICE_USER:$SERVICE_USER" "$file"
}

password superuser "${POSTGRES_PASSWORD:-}" >/dev/null
url users "${USERS_DATABASE_URL:-}" "$(password users "${USERS_DATABASE_PASSWORD:-}")"
url inventory "${INVENTORY_DATABASE_URL:-}" "$(password inventory "${INVENTORY_DATABASE_PASSWORD:-}")"
url orders "${ORDERS_DATABASE_URL:-}" "$(password orders "${ORDERS_DATABASE_PASSWORD:-}")"
if [ -n "${POSTGRES_STANDBY_HOST:-}" ]; then
  url orders "${ORDERS_DATABASE_READ_URL:-}" "$(password orders "")" "$POSTGRES_STANDBY_HOST" database-read-url
fi

# What each user of Kafka logs in with, where docker-compose.secure.yml asks for it; the broker has them all.
if [ -d /secrets/kafka ]; then
  for user in admin audit inventory orders workflow shipping delivery; do
    password=/secrets/kafka/$user own=/secrets/$user/kafka-password
    [ -s "$password" ] || keep "$password" "$(random)"
    keep "$own" "$(cat "$password")"
    chmod 400 "$own"
    chown "$SERVICE_USER:$SERVICE_USER" "$own"
  done
fi

# What operators prove themselves with, where docker-compose.secure.yml asks for it.
if [ -d /secrets/api-gateway ]; then
  token=/secrets/api-gateway/operator-token
  [ -s "$token" ] && [ -z "${OPERATOR_TOKEN:-}" ] || keep "$token" "${OPERATOR_TOKEN:-$(random)}"
  chmod 400 "$token"
  chown "$SERVICE_USER:$SERVICE_USER" "$token"
fi
