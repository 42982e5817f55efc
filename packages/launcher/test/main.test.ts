import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import {
  dataDir,
  end,
  eventually,
  isAlive,
  launch,
  ownDataDir,
  placeOrder,
  postgresProcesses,
  START,
  statusOf,
} from './system-harness.ts';

ownDataDir();

test('it says what it does and where things are, and SIGTERM ends it and all that it started', async () => {
  const { child, output, running } = launch([]);
  const url = await running();
  expect(output()).toContain(`${url}/docs`);
  expect(output()).toMatch(
    /Starting PostgreSQL[\s\S]*Starting orders[\s\S]*Running: users, inventory, orders/,
  );
  expect(await end(child, 'SIGTERM')).toBe(0);
  expect(postgresProcesses()).toEqual([]);
}, 180_000);

test('a Ctrl-C that arrives twice is one, and it still ends in order', async () => {
  const { child, running } = launch([]);
  await running();
  child.kill('SIGINT');
  expect(await end(child, 'SIGINT')).toBe(0);
  expect(postgresProcesses()).toEqual([]);
}, 180_000);

test('a signal while it starts ends it in order', async () => {
  const { child, output } = launch([]);
  await eventually(() => expect(output()).toContain('Starting users'), 90_000);
  expect(await end(child, 'SIGTERM')).toBe(0);
  expect(postgresProcesses()).toEqual([]);
}, 180_000);

test('after a kill -9, a new start works and the order in progress continues', async () => {
  const killed = launch([], { WORKFLOW_INTERVAL_MS: '3600000' });
  await placeOrder(await killed.running(), 'order-1');
  await end(killed.child, 'SIGKILL');

  const again = launch([]);
  const url = await again.running();
  await eventually(async () => expect(await statusOf(url, 'order-1')).toBe('DELIVERED'), 30_000);
  expect(await end(again.child, 'SIGTERM')).toBe(0);
  expect(postgresProcesses()).toEqual([]);
}, 180_000);

test('a second start is one sentence and does not disturb the first', async () => {
  const first = launch([]);
  const url = await first.running();
  const second = launch([]);
  expect(await end(second.child)).toBe(1);
  expect(second.output().trim().split('\n').at(-1)).toBe(
    `Another order-pipeline is running on DATA_DIR ${dataDir} (process ${first.child.pid}).`,
  );
  expect(second.output()).not.toContain('    at ');
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
}, 180_000);

test('wrong settings are printed together, one line a problem', async () => {
  const { child, output } = launch(['workflow', 'orders'], { PORT: 'x', WORKFLOW_INTERVAL_MS: '1.5' });
  expect(await end(child)).toBe(1);
  const lines = output().trim().split('\n');
  expect(lines.map((line) => line.split(' ', 1)[0] ?? '').toSorted()).toEqual([
    'INVENTORY_URL',
    'KAFKA_BROKERS',
    'PORT',
    'USERS_URL',
    'WORKFLOW_INTERVAL_MS',
  ]);
});

test('when the embedded PostgreSQL is killed, it says so and ends with 1', async () => {
  const { child, output, running } = launch([]);
  await running();
  const [pid = 0] = postgresProcesses();
  process.kill(pid, 'SIGKILL');
  expect(await end(child)).toBe(1);
  expect(output()).toMatch(/PostgreSQL ended/);
}, 180_000);

test('when the package manager that started it is killed, it does not stay', async () => {
  const manager = path.join(path.dirname(dataDir), 'pnpm.mjs');
  writeFileSync(
    manager,
    `import { spawn } from 'node:child_process';
     const child = spawn('sh', ['-c', '${process.execPath} ${START}; exit $?'], { stdio: 'inherit' });
     console.log('shell', child.pid);`,
  );
  const { child, output, running } = launch([], {}, [manager]);
  await running();
  const shell = Number(/shell (\d+)/.exec(output())?.[1]);
  child.kill('SIGKILL');
  await eventually(() => {
    expect(postgresProcesses()).toEqual([]);
    expect(isAlive(shell)).toBe(false);
  });
}, 180_000);
