#!/bin/bash
# Gives the storage its identity where it is new, and becomes the broker. What the image itself does at a start formats
# the storage each time, and leaves it to a script around it to tell 'it was formatted already' from a failure.
set -eu
properties=${1:-/docker/kafka-server.properties}
data=/var/lib/kafka/data
classes='/opt/kafka/libs/*'

if [ ! -f "$data/meta.properties" ]; then
  java -Xmx128m -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile=/docker/kafka/tools-log4j2.yaml -cp "$classes" \
    kafka.tools.StorageTool format --cluster-id="$CLUSTER_ID" --config="$properties"
fi

# shellcheck disable=SC2086 -- several options in one variable
exec java $KAFKA_HEAP_OPTS -server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -Djava.awt.headless=true \
  -Dlog4j2.configurationFile=/docker/kafka/log4j2.yaml -cp "$classes" kafka.Kafka "$properties"
