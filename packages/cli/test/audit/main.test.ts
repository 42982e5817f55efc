import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startEmbeddedPostgres } from '@order-pipeline/embedded-postgres';
import { createRuntime, migrateDatabase } from '@order-pipeline/service-kit';
import { createTestLogger } from '@order-pipeline/testing';
import type { AuditReport } from '@order-pipeline/audit';
import { useFixture } from '../../../audit/test/planted-faults.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const DATABASES = ['users', 'inventory', 'orders'] as const;
const LIMIT_MS = 60_000;

const fixture = useFixture();
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-audit-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }));

const named = () => {
  const { users, inventory, orders } = fixture().databases;
  return { USERS_DATABASE_URL: users, INVENTORY_DATABASE_URL: inventory, ORDERS_DATABASE_URL: orders };
};

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a user would. */
const command = (environment: Record<string, string>, ...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const { PATH = '' } = process.env;
    const env = { PATH, DATA_DIR: dataDir, ...environment };
    execFile(
      process.execPath,
      ['--import', 'tsx', MAIN, 'audit', ...args],
      { env },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

test(
  'it ends with 0 when nothing is wrong, and says what it could not check',
  async () => {
    const { code, stdout } = await command(named());
    expect(code).toBe(0);
    expect(stdout).toMatch(/✔ histories +15 transitions: every history is a path/);
    expect(stdout).toMatch(/– events +not checked: KAFKA_BROKERS is not set/);
    expect(stdout).toContain('No violation was found; 2 could not be checked, or not in full.');
  },
  LIMIT_MS,
);

test(
  'it ends with 1 when something is wrong, with the ids to look at, for people and as JSON',
  async () => {
    await fixture().run('orders', `UPDATE orders SET user_id = 'nobody-' || id`);
    const { code, stdout } = await command(named(), '--ids', '2');
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /✘ users +6 violations in 6 users with orders\n +6 × the user of an order does not exist/,
    );
    expect(stdout).toMatch(/ {10}cancelled {2}user nobody-cancelled\n {10}delivered .*\n {10}and 4 more/);
    const asJson = await command(named(), '--json');
    expect(asJson.code).toBe(1);
    const report = JSON.parse(asJson.stdout) as AuditReport;
    expect(report.clean).toBe(false);
    expect(report.checks.find(({ name }) => name === 'users')?.violations).toMatchObject([{ count: 6 }]);
  },
  LIMIT_MS,
);

test(
  'it ends with 2 and a sentence when it cannot audit',
  async () => {
    expect(await command({})).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`There is no database in DATA_DIR ${dataDir}`),
    });
    expect(await command({}, '--ids', 'many')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        "option '--ids <n>' argument 'many' is invalid. It must be a whole number",
      ),
    });
    expect(await command({ KAFKA_BROKERS: 'nowhere' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('KAFKA_BROKERS must be'),
    });
    expect(await command({ ...named(), ORDERS_DATABASE_URL: 'postgres://127.0.0.1:1/orders' })).toMatchObject(
      {
        code: 2,
        stderr: expect.stringContaining('The audit could not be made: '),
      },
    );
    expect(await command({}, '--url', 'http://127.0.0.1:1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('No gateway answers at http://127.0.0.1:1'),
    });
  },
  LIMIT_MS,
);

test(
  'without URLs it reads the PostgreSQL in DATA_DIR: as it runs, and else started for the audit alone',
  async () => {
    const options = { dataDir, databases: DATABASES, log: () => undefined, runtime: createRuntime() };
    const postgres = await startEmbeddedPostgres({ ...options, durability: 'off' });
    for (const name of DATABASES) {
      const folder = new URL(`../../../../prisma/${name}/migrations/`, import.meta.url);
      await migrateDatabase(postgres.url(name), folder, createTestLogger().logger);
    }
    try {
      expect(await command({})).toMatchObject({
        code: 0,
        stderr: expect.stringContaining(`Reading the PostgreSQL that runs on ${dataDir}`),
      });
    } finally {
      await postgres.stop();
    }
    const ended = await command({});
    expect(ended).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`Starting the PostgreSQL in ${dataDir} for the audit`),
    });
    await (await startEmbeddedPostgres({ ...options, durability: 'off' })).stop();
  },
  LIMIT_MS,
);
