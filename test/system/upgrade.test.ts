import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, test } from '@jest/globals';
import { DATABASE_NAMES, type DatabaseName } from '@order-pipeline/contracts';
import { migrateDatabase, openClient } from '@order-pipeline/service-kit';
import { createTestLogger, eventually, expectCleanAudit, times } from '@order-pipeline/testing';
import { closeAfterTests, useTestPostgres } from '@order-pipeline/testing/fixtures';
import type pg from 'pg';
import { SETTLED } from '../audit.ts';
import { createGateway, unique } from '../gateway.ts';
import { startWholeSystem } from './start.ts';
import * as first from './first-release.ts';

// Databases of the first release, full of orders, get every later migration while statements of that release go on; then the
// services of today start on them. UPGRADE_ORDERS=1000000 takes so many.

const ORDERS = Number(process.env['UPGRADE_ORDERS'] ?? 10_000);
const PATIENCE = { timeoutMs: 60_000 };
const LIMIT_MS = 90_000 + ORDERS / 2;

const MIGRATIONS = new URL('../../prisma/', import.meta.url);

const postgres = useTestPostgres();
let folder: string;
const urls = {} as Record<DatabaseName, string>;
let orders: pg.Client;

const pathOf = (database: DatabaseName): string => path.join(folder, database);

const namesOf = async (database: DatabaseName): Promise<string[]> => {
  const entries = await readdir(new URL(`${database}/migrations/`, MIGRATIONS), { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted();
};

/** Applies migrations as a start of the release that has them and those before them does. */
const apply = async (database: DatabaseName, names: readonly string[]): Promise<void> => {
  for (const name of names)
    await cp(new URL(`${database}/migrations/${name}`, MIGRATIONS), path.join(pathOf(database), name), {
      recursive: true,
    });
  await migrateDatabase(urls[database], pathToFileURL(`${pathOf(database)}/`), createTestLogger().logger);
};

const run = async (database: DatabaseName, statement: string): Promise<void> => {
  const client = await openClient({ url: urls[database], applicationName: 'test' });
  await client.query(statement).finally(() => client.end());
};

const later = async (database: DatabaseName) =>
  (await namesOf(database)).filter((name) => name > first.LAST_MIGRATION);

const rows = async <R extends object>(statement: string): Promise<R[]> =>
  (await orders.query<R>(statement)).rows;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'upgrade-'));
  closeAfterTests(() => rm(folder, { recursive: true, force: true }));
  for (const database of DATABASE_NAMES) {
    urls[database] = await postgres.freshDatabase(database);
    const names = await namesOf(database);
    await apply(
      database,
      names.filter((name) => name <= first.LAST_MIGRATION),
    );
    await run(database, first.fill(database, ORDERS));
  }
  orders = await openClient({ url: urls.orders, applicationName: 'test' });
  closeAfterTests(() => orders.end());
}, LIMIT_MS);

test(
  'statements of the first release go on during and after each migration of the orders',
  async () => {
    const load = await first.startLoad(urls.orders);
    await load.goesOn();
    for (const name of await later('orders')) {
      await apply('orders', [name]);
      await load.goesOn();
    }
    // None failed, and none waited for a lock for longer than a migration may.
    expect(await load.stop()).toEqual([]);
    for (const database of ['users', 'inventory'] as const) await apply(database, await later(database));
  },
  LIMIT_MS,
);

test('nothing is missing, the counts are those of the rows, and dead letters and actions are carried over', async () => {
  const kept = await rows<{ status: string; count: number }>(`
    SELECT status::text AS status, sum(entered - "left")::int AS count FROM order_transitions GROUP BY status ORDER BY 1`);
  const counted = await rows(
    'SELECT status::text AS status, count(*)::int AS count FROM orders GROUP BY status ORDER BY 1',
  );
  expect(kept).toEqual(counted);
  expect(await rows("SELECT count(*)::int AS count FROM orders WHERE id LIKE 'old-%'")).toEqual([
    { count: ORDERS },
  ]);
  expect(
    await rows(
      'SELECT status::text AS status, count(*)::int AS count FROM dead_letters GROUP BY 1 ORDER BY 1',
    ),
  ).toEqual([
    { status: 'DISCARDED', count: first.LETTERS / 2 },
    { status: 'REDRIVEN', count: first.LETTERS / 2 },
  ]);
  expect(
    await rows('SELECT action, count(*)::int AS count FROM operator_actions GROUP BY 1 ORDER BY 1'),
  ).toEqual([
    { action: 'DISCARD_DEAD_LETTER', count: first.LETTERS / 2 },
    { action: 'REDRIVE_DEAD_LETTER', count: first.LETTERS / 2 },
  ]);
});

test(
  'the services of today start on them, deliver what was on its way, and take new orders; the audit finds nothing',
  async () => {
    const started = await startWholeSystem({
      environment: {
        ...Object.fromEntries(
          DATABASE_NAMES.map((name) => [`${name.toUpperCase()}_DATABASE_URL`, urls[name]]),
        ),
        // Kafka has lost what was in it.
        REPUBLISH_AFTER_MS: '1000',
      },
    });
    closeAfterTests(() => started.stop());
    const gateway = createGateway(started.system.url);
    closeAfterTests(() => gateway.close());
    const [userId, itemId] = ['user1', 'item1'];
    const orderIds = times(20, () => unique('order'));
    for (const id of orderIds) expect((await gateway.place(id, userId, { [itemId]: 1 })).status).toBe(201);
    for (const id of orderIds) await gateway.reaches(id, 'DELIVERED', PATIENCE.timeoutMs);
    await eventually(async () => {
      const open = await rows(
        `SELECT id, status FROM orders WHERE status::text IN ('PENDING', 'PROCESSING', 'SHIPPED')`,
      );
      expect(open).toEqual([]);
    }, PATIENCE);
    await eventually(() => expectCleanAudit({ databases: urls, limits: SETTLED }), PATIENCE);
  },
  LIMIT_MS * 2,
);
