// However the package is loaded, it is the same world, with the errors of the kafkajs beside it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import original from 'kafkajs';
import memoryKafka, * as imported from '@order-pipeline/memory-kafka';

const required = createRequire(import.meta.url)('@order-pipeline/memory-kafka');

assert.equal(memoryKafka, required);
assert.equal(imported.Kafka, required.Kafka);
assert.deepEqual(
  Object.keys(original).filter((name) => !(name in required)),
  [],
);
for (const name of Object.keys(original)) assert.ok(name in imported, name);
assert.equal(imported.KafkaJSError, original.KafkaJSError);
assert.equal(imported.CompressionCodecs, original.CompressionCodecs);
// As with kafkajs, a property can be replaced: a test's spy, or tracing, does that.
assert.ok(Object.getOwnPropertyDescriptor(required, 'Kafka').writable);
