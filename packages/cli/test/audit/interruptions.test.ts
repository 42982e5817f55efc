import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DATABASE_NAMES } from '@order-pipeline/contracts';
import { findEmbeddedPostgres, startEmbeddedPostgres } from '@order-pipeline/embedded-postgres';
import { createRuntime, migrateDatabase } from '@order-pipeline/service-kit';
import { createTestLogger, eventually, queryOnce } from '@order-pipeline/testing';
import { useFixture } from '../../../audit/test/planted-faults.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const LIMIT_MS = 120_000;
const WAIT = { timeoutMs: 40_000 };

const fixture = useFixture();
const audits: ChildProcess[] = [];
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-audit-'));
});
afterEach(async () => {
  for (const audit of audits.splice(0)) audit.kill('SIGKILL');
  // Whatever a failed test left.
  if ((await findEmbeddedPostgres(dataDir)).state === 'abandoned') await (await startPostgres()).stop();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

const startPostgres = () =>
  startEmbeddedPostgres({
    dataDir,
    databases: DATABASE_NAMES,
    log: () => undefined,
    runtime: createRuntime(),
    durability: 'off',
  });

interface Audit {
  readonly child: ChildProcess;
  said(): string;
  readonly ended: Promise<{ code: number | null; said: string }>;
}

const startAudit = (environment: Record<string, string> = {}): Audit => {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, 'audit'], {
    env: { PATH, DATA_DIR: dataDir, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  audits.push(child);
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const ended = new Promise<{ code: number | null; said: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, said: text }));
  });
  return { child, said: () => text, ended };
};

/** Makes reads of items wait for an hour. */
const SLEEPING = `ALTER TABLE items RENAME TO real_items;
  CREATE VIEW items AS SELECT real_items.* FROM real_items, pg_sleep(3600)`;
const AWAKE = 'DROP VIEW items; ALTER TABLE real_items RENAME TO items';

/** A system that is stopped, whose audit does not come to its end. */
const createSleepingSystem = async (): Promise<void> => {
  const postgres = await startPostgres();
  for (const name of DATABASE_NAMES) {
    const folder = new URL(`../../../../prisma/${name}/migrations/`, import.meta.url);
    await migrateDatabase(postgres.url(name), folder, createTestLogger().logger);
  }
  await queryOnce(postgres.url('inventory'), SLEEPING);
  await postgres.stop();
};

/** Waits until so many audits are asleep; answers where the inventory is. */
const untilAsleep = (count: number): Promise<string> =>
  eventually(async () => {
    const found = await findEmbeddedPostgres(dataDir);
    if (found.state !== 'running') throw new Error(`PostgreSQL is ${found.state}`);
    const url = found.url('inventory');
    expect(await queryOnce(url, `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'`)).toHaveLength(
      count,
    );
    return url;
  }, WAIT);

/** An audit of such a system, once it is asleep, and where the inventory is. */
const startSleepingAudit = async () => {
  await createSleepingSystem();
  const audit = startAudit();
  return { audit, url: await untilAsleep(1) };
};

const stateOf = async (): Promise<string> => (await findEmbeddedPostgres(dataDir)).state;

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'stopped by %s it ends with 2 and a sentence, and so does the PostgreSQL that it started',
  async (signal) => {
    const { audit } = await startSleepingAudit();
    audit.child.kill(signal);
    const { code, said } = await audit.ended;
    expect(said).toMatch(
      /\nStopping \(SIG\w+\); again to end at once\nThe command was stopped before its end\.\n$/,
    );
    expect(code).toBe(2);
    expect(await stateOf()).toBe('stopped');
  },
  LIMIT_MS,
);

test(
  'of two audits at once on a stopped system the second ends with 2 and a sentence when the first one takes the database along',
  async () => {
    const { audit: first } = await startSleepingAudit();
    const second = startAudit();
    await untilAsleep(2);
    first.child.kill('SIGTERM');
    const { code, said } = await second.ended;
    expect(said).toMatch(
      /\nThe audit could not be made: .*terminating connection due to administrator command.*\n$/,
    );
    expect(code).toBe(2);
    await first.ended;
    expect(await stateOf()).toBe('stopped');
  },
  LIMIT_MS,
);

test(
  'after kill -9 of an audit the next one ends the PostgreSQL that was left, audits, and leaves none',
  async () => {
    const { audit: killed, url } = await startSleepingAudit();
    killed.child.kill('SIGKILL');
    await killed.ended;
    await eventually(async () => expect(await stateOf()).toBe('abandoned'), WAIT);
    await queryOnce(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`,
    );
    await queryOnce(url, AWAKE);
    const { code, said } = await startAudit().ended;
    expect(said).toContain('It was left running by a start that was killed');
    expect(code).toBe(0);
    expect(await stateOf()).toBe('stopped');
  },
  LIMIT_MS,
);

test(
  'when a session ends while it is not in use, the audit continues with another one',
  async () => {
    const { users, inventory, orders } = fixture().databases;
    // The check of users reads them while its connection to the orders idles.
    await fixture().run('users', 'BEGIN; LOCK TABLE users');
    const audit = startAudit({
      USERS_DATABASE_URL: users,
      INVENTORY_DATABASE_URL: inventory,
      ORDERS_DATABASE_URL: orders,
    });
    const WAITING = `pg_stat_activity WHERE application_name = 'audit' AND datname = current_database()
      AND state = 'idle'`;
    await eventually(async () => {
      expect(await queryOnce(users, 'SELECT 1 FROM pg_locks WHERE NOT granted')).toHaveLength(1);
      expect(await queryOnce(orders, `SELECT 1 FROM ${WAITING}`)).toHaveLength(1);
    }, WAIT);
    await queryOnce(orders, `SELECT pg_terminate_backend(pid) FROM ${WAITING}`);
    await eventually(
      async () => expect(await queryOnce(orders, `SELECT 1 FROM ${WAITING}`)).toEqual([]),
      WAIT,
    );
    await fixture().run('users', 'ROLLBACK');
    expect((await audit.ended).code).toBe(0);
  },
  LIMIT_MS,
);
