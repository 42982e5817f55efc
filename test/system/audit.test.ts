import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { auditSystem, violationLines } from '@order-pipeline/audit';
import { startSystem, type System } from '@order-pipeline/launcher';
import { createRuntime } from '@order-pipeline/service-kit';
import { auditedOf, defineAuditTest } from '../audit.ts';
import { createGateway, unique, type Gateway } from '../gateway.ts';

const LOAD_MS = 15_000;
const CLIENTS = 12;
const STOCK = 1_000_000;
/** Short, so that events are asked for under load. */
const EVENT_LIMIT_MS = 6_000;

let dataDir: string;
let system: System;
let gateway: Gateway;

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-audit-'));
  system = await startSystem({
    environment: {
      PORT: '0',
      DATA_DIR: dataDir,
      WORKFLOW_INTERVAL_MS: '100',
      RATE_LIMIT: 'off',
      LOG_LEVEL: 'fatal',
    },
    durability: 'off',
  });
  gateway = createGateway(system.url);
}, 60_000);

afterAll(async () => {
  await gateway?.close();
  await system?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** Places orders one after the other, some of them of too much, and cancels some; answers how many were taken. */
const trade = async (userId: string, itemIds: readonly string[], goesOn: () => boolean): Promise<number> => {
  let taken = 0;
  for (let round = 0; goesOn(); round += 1) {
    const orderId = unique('order');
    const quantity = round % 10 === 9 ? STOCK : 1;
    const lines = Object.fromEntries(itemIds.slice(round % 2).map((itemId) => [itemId, quantity]));
    const { status } = await gateway.place(orderId, userId, lines);
    if (status === 201) taken += 1;
    if (round % 3 === 0) await gateway.post(`/api/orders/${orderId}/cancel`);
  }
  return taken;
};

test('while orders are placed, moved and cancelled, no audit takes what is in progress for a violation', async () => {
  const runtime = createRuntime();
  const [userId, first, second] = [unique('user'), unique('item'), unique('item')];
  await gateway.addUser(userId);
  await Promise.all([gateway.addItem(first, STOCK), gateway.addItem(second, STOCK)]);
  const endsAt = performance.now() + LOAD_MS;
  const goesOn = (): boolean => performance.now() < endsAt;
  const trading = Promise.all(Array.from({ length: CLIENTS }, () => trade(userId, [first, second], goesOn)));
  const steps: number[] = [];
  while (goesOn()) {
    const report = await auditSystem({
      ...auditedOf(system),
      runtime,
      limits: { eventMs: EVENT_LIMIT_MS },
    });
    expect(violationLines(report)).toEqual([]);
    steps.push(report.checks.find(({ name }) => name === 'events')?.checked ?? 0);
  }
  const taken = (await trading).reduce((sum, count) => sum + count, 0);
  expect(taken).toBeGreaterThan(100);
  expect(steps.length).toBeGreaterThan(1);
  expect(steps.at(-1)).toBeGreaterThan(0);
}, 90_000);

defineAuditTest(() => system);
