#!/bin/bash
# Makes a development authority, once, and new certificates for all services and Kafka: each gets its own and no other.
set -eu
readonly SERVICE_USER=1000
cd /app
node packages/cli/src/main.ts certificates --out /certificates/authority --add kafka

# give FILE AS: puts a copy of FILE in the place of AS at once.
give() {
  cp "$1" "$2.partial"
  chmod 400 "$2.partial"
  chown "$SERVICE_USER:$SERVICE_USER" "$2.partial"
  mv -f "$2.partial" "$2"
}

for folder in /certificates/*/; do
  name=$(basename "$folder")
  if [ "$name" = authority ]; then continue; fi
  # Who only asks others has none of its own.
  if [ -f "/certificates/authority/$name.crt" ]; then
    give "/certificates/authority/$name.key" "$folder/tls.key"
    give "/certificates/authority/$name.crt" "$folder/tls.crt"
  fi
  give /certificates/authority/ca.crt "$folder/ca.crt"
done
