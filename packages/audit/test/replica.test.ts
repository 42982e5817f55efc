import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  inTurn,
  startTestReplication,
  type TestReplica,
  type TestReplication,
} from '@order-pipeline/testing';
import type { AuditReport } from '../src/index.ts';
import { createFixture, type Fixture } from './fixture.ts';

let replication: TestReplication;
let replica: TestReplica;
let fixture: Fixture;

beforeAll(async () => {
  replication = await startTestReplication();
  const [first] = replication.replicas;
  if (!first) throw new Error('there is no replica');
  replica = first;
  fixture = await createFixture(replication.primary);
  await replication.settle();
}, 120_000);

afterAll(() =>
  inTurn(
    () => fixture?.close(),
    () => replication?.stop(),
  ),
);

const replicas = () => ({ orders: replica.url(fixture.databases.orders) });

/** The checks that were not made because of the replica; without Kafka the events never are. */
const uncheckedIn = ({ checks }: AuditReport): string[] =>
  checks.filter(({ notChecked }) => notChecked?.includes('replica')).map(({ name }) => name);

test('an audit of a replica is clean, and checks all that one of the primary does', async () => {
  const there = await fixture.audit({ replicas: replicas() });
  expect(there).toEqual(await fixture.audit());
  expect(there.clean).toBe(true);
  expect(uncheckedIn(there)).toEqual([]);
});

test('it finds what was broken a moment before, and nothing once that is repaired', async () => {
  for (let round = 0; round < 5; round += 1) {
    await fixture.run('orders', `UPDATE orders SET user_id = 'nobody' WHERE id = 'pending'`);
    const findings = await fixture.findings({ replicas: replicas() });
    expect(Object.values(findings).flat()).toContain('pending');
    await fixture.run('orders', `UPDATE orders SET user_id = 'user11' WHERE id = 'pending'`);
    expect(await fixture.findings({ replicas: replicas() })).toEqual({});
  }
});

/** What needs the orders, which are on the replica. */
const ORDERS_CHECKS = [
  'reservations',
  'cancellations',
  'abandoned',
  'archive',
  'histories',
  'counts',
  'users',
  'progress',
  'outbox',
  'dead letters',
];

test('what a replica is too far behind for is said not to be checked, and the rest is', async () => {
  await replica.pause();
  try {
    await fixture.run('orders', `UPDATE orders SET user_id = user_id WHERE id = 'pending'`);
    const report = await fixture.audit({ replicas: replicas(), replicaMaxLagMs: 1 });
    expect(report.clean).toBe(true);
    expect(uncheckedIn(report)).toEqual(ORDERS_CHECKS);
    expect(report.checks.find(({ name }) => name === 'stock')?.checked).toBeGreaterThan(0);
  } finally {
    await replica.resume();
  }
});

// This ends it.
test('of a replica that has gone it says that it was not checked', async () => {
  await replica.stop();
  const report = await fixture.audit({ replicas: replicas() });
  expect(report.clean).toBe(true);
  expect(uncheckedIn(report)).toEqual(ORDERS_CHECKS);
});
