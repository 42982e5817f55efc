// What another package depends on is the in-memory one as well: npm's own `overrides`, with the version of the project itself.
const assert = require('node:assert/strict');
const { createRequire } = require('node:module');

const fromSagas = createRequire(require.resolve('kafka-sagas'));
assert.equal(fromSagas('kafkajs'), require('kafkajs'));
assert.ok(require('kafkajs').createCluster);

const { roundTrip } = require('./round-trip.cjs');
roundTrip('orders', 'paid').then((value) => assert.equal(value, 'paid'));
