// In this project node_modules/kafkajs is the in-memory one: nothing has to be told.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  BasicTracerProvider,
} from '@opentelemetry/sdk-trace-base';
import semver from 'semver';

const require = createRequire(import.meta.url);
const exporter = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
new KafkaJsInstrumentation().setTracerProvider(tracerProvider);

const { roundTrip } = require('./round-trip.cjs');
assert.equal(await roundTrip('orders', 'paid'), 'paid');
// OpenTelemetry looks at the version before it traces.
assert.deepEqual(
  exporter.getFinishedSpans().map(({ name }) => name),
  ['send orders', 'process orders'],
);

const { addOverKafka } = require('./nest.cjs');
assert.equal(await addOverKafka(2, 3), '5');

const imported = await import('kafkajs');
assert.equal(imported.Kafka, require('kafkajs').Kafka);
const { topicsAfterSending } = await import('./round-trip.mjs');
assert.ok((await topicsAfterSending('imported')).includes('imported'));

// Moleculer's channels ask for this before they connect.
assert.ok(semver.satisfies(require('kafkajs/package.json').version, '^1.15.0 || ^2.0.0'));

// What another package depends on is replaced as well, by an override.
const fromSagas = createRequire(require.resolve('kafka-sagas'));
assert.equal(fromSagas('kafkajs'), require('kafkajs'));
