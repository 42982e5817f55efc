import path from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { openClient } from '@order-pipeline/service-kit';
import { createTestLogger, startTcpProxy } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { startSystem, type System } from '../src/index.ts';
import { end, eventually, get, launch, ownDataDir, post, takePort } from './system-harness.ts';

// A dependency that is not there at the start is waited for.

ownDataDir();

const MAIN = path.join(import.meta.dirname, '../src/main.ts');
const USER = { userId: 'user-1', name: 'Ann', email: 'ann@example.com' };
const WAITS = 'database is unavailable, waiting for it';

const systems: System[] = [];

const postgres = useTestPostgres();

afterAll(async () => {
  for (const system of systems) await system.stop();
  await postgres?.stop();
});

const start = async (environment: Record<string, string>, services: readonly string[]) => {
  const { logger, logs } = createTestLogger();
  const system = await startSystem({ environment: { PORT: '0', ...environment }, services, logger });
  systems.push(system);
  return { system, waits: () => logs.filter(({ msg }) => msg === WAITS), logs };
};

test('a service whose database is not there is live, says why it is not ready, and starts when it comes', async () => {
  const door = await startTcpProxy(await postgres.freshDatabase('users'));
  door.shut();
  const { system, waits, logs } = await start({ USERS_DATABASE_URL: door.url }, ['users']);
  const { url } = system;
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  const ready = await fetch(`${url}/health/ready`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({
    checks: { 'users database': expect.stringMatching(/ECONNRESET|terminated/) },
  });
  expect(await post(`${url}/api/users`, USER)).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
  door.open();
  await eventually(async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200));
  expect((await post(`${url}/api/users`, USER)).status).toBe(201);
  expect(await get(`${url}/api/users/user-1`)).toMatchObject(USER);
  // One line a change, not one a try, without a stack.
  expect(waits()).toHaveLength(1);
  expect(waits()[0]).toMatchObject({ level: 40, database: 'users', reason: expect.any(String) });
  expect(waits()[0]).not.toHaveProperty('err');
  expect(logs.filter(({ msg }) => msg === 'database is available')).toHaveLength(1);
  await door.stop();
}, 180_000);

test('a database that does not exist yet is waited for, and logged in one line', async () => {
  const given = new URL(await postgres.freshDatabase('users'));
  const admin = await openClient({ url: given.href, applicationName: 'test' });
  const later = new URL(given);
  later.pathname = `/later_${given.pathname.slice(1)}`;
  const { system, waits } = await start({ USERS_DATABASE_URL: later.href }, ['users']);
  expect(waits()).toMatchObject([{ code: '3D000' }]);
  await admin.query(`CREATE DATABASE "${later.pathname.slice(1)}"`);
  await eventually(async () => expect((await system.health.readiness()).status).toBe('ready'));
  expect(waits()).toHaveLength(1);
  await system.stop();
  await admin.query(`DROP DATABASE "${later.pathname.slice(1)}" WITH (FORCE)`);
  await admin.end();
}, 180_000);

test('a migration that was changed after it was applied ends the start, or the service that waited', async () => {
  const url = await postgres.freshDatabase('users');
  const { system } = await start({ USERS_DATABASE_URL: url }, ['users']);
  await system.stop();
  const admin = await openClient({ url, applicationName: 'test' });
  await admin.query("UPDATE _prisma_migrations SET checksum = 'another'");
  await admin.end();
  const sentence = /The migration .* was changed after it was applied/;
  await expect(start({ USERS_DATABASE_URL: url }, ['users'])).rejects.toThrow(sentence);
  const door = await startTcpProxy(url);
  door.shut();
  const waiting = await start({ USERS_DATABASE_URL: door.url }, ['users']);
  door.open();
  expect(await waiting.system.failed).toMatch(sentence);
  await door.stop();
}, 180_000);

test('services whose Kafka is not there are live, serve, and start to consume when it comes', async () => {
  const { port, free } = await takePort();
  free();
  const databases = Object.fromEntries(
    await Promise.all(
      ['users', 'inventory', 'orders'].map(async (name) => [
        `${name.toUpperCase()}_DATABASE_URL`,
        await postgres.freshDatabase(name),
      ]),
    ),
  ) as Record<string, string>;
  const { system, logs } = await start({ ...databases, KAFKA_BROKERS: `127.0.0.1:${port}` }, []);
  expect((await fetch(`${system.url}/health/live`)).status).toBe(200);
  await eventually(() => {
    const tries = logs.filter(({ msg }) => msg.startsWith('consumer could not be started'));
    expect(tries.length).toBeGreaterThan(0);
    for (const line of tries) {
      expect(line).toMatchObject({ level: 40, reason: expect.stringContaining('ECONNREFUSED') });
      expect(line).not.toHaveProperty('err');
    }
  }, 60_000);
  // No line at warn or above has a stack, kafkajs's own included.
  const logged = logs.filter(({ level }) => level >= 40).map((line) => JSON.stringify(line));
  expect(logged.filter((line) => line.includes('    at '))).toEqual([]);
  await system.stop();
}, 180_000);

test('a stop while the database is waited for ends the process at once', async () => {
  const { port, free } = await takePort();
  free();
  const settings = { USERS_DATABASE_URL: `postgresql://users@127.0.0.1:${port}/users` };
  const waiting = launch(['users'], settings, ['--import', 'tsx', MAIN]);
  await eventually(() => expect(waiting.output()).toContain(WAITS), 60_000);
  expect(await end(waiting.child, 'SIGTERM')).toBe(0);
}, 180_000);

test('a stop while the database does not even answer ends the start at once', async () => {
  // Takes connections, and says nothing.
  const { port, free } = await takePort();
  const settings = { USERS_DATABASE_URL: `postgresql://users@127.0.0.1:${port}/users` };
  const waiting = launch(['users'], settings, ['--import', 'tsx', MAIN]);
  await eventually(() => expect(waiting.output()).toContain('Starting users'), 60_000);
  expect(await end(waiting.child, 'SIGTERM')).toBe(0);
  expect(waiting.output()).not.toContain(WAITS);
  free();
}, 180_000);
