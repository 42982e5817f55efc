#!/bin/bash
# Becomes a broker that takes nobody without TLS and a password, and lets each user do what its ACLs say and nothing else.
#   /run/secrets  a file for each user, with its password; the user `admin` may do everything
#   /run/tls      the broker's certificate and key, and that of the authority
set -eu
umask 077
readonly ADDRESS=${ADVERTISED_ADDRESS:-kafka:9092}
readonly PROPERTIES=/tmp/server.properties LOGIN=org.apache.kafka.common.security.plain.PlainLoginModule

users=
for file in /run/secrets/*; do
  users+=" user_$(basename "$file")=\"$(cat "$file")\""
done
cat /run/tls/tls.key /run/tls/tls.crt >/tmp/keystore.pem
# The broker talks to itself as well, as a user that nobody else can be: its password is made anew each time.
own=$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
itself="$LOGIN required username=\"broker\" password=\"$own\" user_broker=\"$own\";"

cat /docker/kafka-server.properties - >"$PROPERTIES" <<PROPERTIES
listeners=CLIENTS://:${ADDRESS##*:},BROKER://127.0.0.1:9094,CONTROLLER://127.0.0.1:9093
advertised.listeners=CLIENTS://$ADDRESS,BROKER://127.0.0.1:9094
listener.security.protocol.map=CLIENTS:SASL_SSL,BROKER:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT
inter.broker.listener.name=BROKER
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
listener.name.clients.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.clients.plain.sasl.jaas.config=$LOGIN required$users;
listener.name.clients.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.clients.ssl.keystore.type=PEM
listener.name.clients.ssl.keystore.location=/tmp/keystore.pem
listener.name.broker.sasl.enabled.mechanisms=PLAIN
listener.name.broker.plain.sasl.jaas.config=$itself
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config=$itself
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:broker;User:admin
PROPERTIES

exec bash /docker/kafka-start.sh "$PROPERTIES"
