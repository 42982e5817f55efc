#!/bin/bash
# Becomes one of several brokers that are controllers, too, each in a rack of its own: NODE_ID is its number, ADDRESS where the others
# and its clients reach it, VOTERS all of them.
set -eu
readonly PROPERTIES=/tmp/server.properties

cat /docker/kafka-server.properties - >"$PROPERTIES" <<PROPERTIES
node.id=$NODE_ID
broker.rack=rack-$NODE_ID
advertised.listeners=CLIENTS://$ADDRESS
controller.quorum.voters=$VOTERS

# Of three replicas, in three racks, two have a message before it counts as stored: one broker may be away, and none is lost.
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
PROPERTIES

exec bash /docker/kafka-start.sh "$PROPERTIES"
