import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { afterEach, mock, test } from 'node:test';
import { clusterOf, Kafka } from '@order-pipeline/memory-kafka';
import * as imported from 'kafkajs';
import nest from '../nest.cjs';
import required from '../round-trip.cjs';
import { topicsAfterSending } from '../round-trip.mjs';

const require = createRequire(import.meta.url);

afterEach(() => clusterOf(['localhost:9092']).reset());

test('who imports and who requires kafkajs meet on one cluster', async () => {
  assert.equal(imported.Kafka, Kafka);
  assert.equal(require('kafkajs').Kafka, Kafka);
  assert.equal(await required.roundTrip('required', 'paid'), 'paid');
  assert.deepEqual(await topicsAfterSending('imported'), ['required', 'imported']);
});

test('NestJS in node_modules', async () => assert.equal(await nest.addOverKafka(2, 3), '5'));

test('fake timers do not stop it', async () => {
  mock.timers.enable();
  assert.equal(await required.roundTrip('orders', 'paid'), 'paid');
  mock.timers.reset();
});
