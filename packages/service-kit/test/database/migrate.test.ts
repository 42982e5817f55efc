import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestLogger, eventually } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { checkMigrations } from '../../src/database/migrations.ts';
import { isTransient, migrateDatabase, openClient } from '../../src/index.ts';

let url: string;
let folder: string;

const postgres = useTestPostgres();

beforeEach(async () => {
  url = await postgres.freshDatabase('migrate');
  folder = await mkdtemp(path.join(tmpdir(), 'migrations-'));
});

afterEach(() => rm(folder, { recursive: true }));

const { logger, logs } = createTestLogger();
const migrate = () => migrateDatabase(url, pathToFileURL(`${folder}/`), logger);

const write = async (name: string, sql: string): Promise<void> => {
  await mkdir(path.join(folder, name), { recursive: true });
  await writeFile(path.join(folder, name, 'migration.sql'), sql);
};

const query = async (sql: string): Promise<unknown[]> => {
  const client = await openClient({ url, applicationName: 'test' });
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

/** Prisma's lock, which another session holds while `work` runs. */
const whileLocked = async (work: () => Promise<void>): Promise<void> => {
  const other = await openClient({ url, applicationName: 'test' });
  try {
    await other.query('SELECT pg_advisory_lock(72707369)');
    await work();
  } finally {
    await other.end();
  }
};

test('migrations are applied in the order of their names and recorded as Prisma records them', async () => {
  await writeFile(path.join(folder, 'migration_lock.toml'), 'provider = "postgresql"\n');
  await write(
    '20260102000000_second',
    'ALTER TABLE thing ADD COLUMN size INT; INSERT INTO thing VALUES (1, 2);',
  );
  await write('20260101000000_init', 'CREATE TABLE thing (id INT);');
  await migrate();
  expect(await query('SELECT * FROM thing')).toEqual([{ id: 1, size: 2 }]);
  expect(
    await query(`
      SELECT migration_name, checksum, applied_steps_count, rolled_back_at, logs, finished_at IS NOT NULL AS finished
      FROM _prisma_migrations ORDER BY migration_name`),
  ).toMatchObject([
    {
      migration_name: '20260101000000_init',
      checksum: createHash('sha256').update('CREATE TABLE thing (id INT);').digest('hex'),
      applied_steps_count: 1,
      rolled_back_at: null,
      logs: null,
      finished: true,
    },
    { migration_name: '20260102000000_second' },
  ]);
});

test('what is applied is not applied again, and what is new is', async () => {
  await write('1_init', 'CREATE TABLE thing (id INT);');
  await migrate();
  await write('2_more', 'INSERT INTO thing VALUES (1);');
  await migrate();
  await migrate();
  expect(await query('SELECT id FROM thing')).toEqual([{ id: 1 }]);
});

test('many at once apply each migration once', async () => {
  await write('1_init', 'CREATE TABLE thing (id INT); INSERT INTO thing VALUES (1);');
  await Promise.all(Array.from({ length: 5 }, migrate));
  expect(await query('SELECT id FROM thing')).toEqual([{ id: 1 }]);
});

test('who comes to migrate while another does it finds what that one has made', async () => {
  await write('1_init', 'CREATE TABLE thing (id INT);');
  let second = Promise.resolve();
  await whileLocked(async () => {
    const waits =
      "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    second = migrate();
    await eventually(async () => expect(await query(waits)).toHaveLength(1));
    const other = migrate();
    await eventually(async () => expect(await query(waits)).toHaveLength(2));
    second = Promise.all([second, other]).then(() => undefined);
  });
  await second;
  expect(await query('SELECT FROM _prisma_migrations')).toHaveLength(1);
});

test('a migration that fails leaves nothing of itself, and works once it is fixed', async () => {
  await write('1_init', 'CREATE TABLE thing (id INT); SELECT nonsense;');
  await expect(migrate()).rejects.toThrow('nonsense');
  await write('1_init', 'CREATE TABLE thing (id INT);');
  await migrate();
  expect(await query('SELECT * FROM thing')).toEqual([]);
});

test('a migration that was changed after it was applied is refused', async () => {
  await write('1_init', 'CREATE TABLE thing (id INT);');
  await migrate();
  await write('1_init', 'CREATE TABLE thing (id BIGINT);');
  await expect(migrate()).rejects.toThrow('The migration 1_init was changed after it was applied');
});

test('each migration that is applied is logged', async () => {
  await write('1_logged', 'SELECT 1;');
  await migrate();
  await migrate();
  expect(logs.filter(({ migration }) => migration === '1_logged')).toHaveLength(1);
});

test('who has nothing to apply waits for nobody', async () => {
  await write('1_init', 'CREATE TABLE thing (id INT);');
  await migrate();
  await whileLocked(migrate);
});

describe('an index that is made while others write', () => {
  const CREATE =
    '-- migrate: concurrently\n-- Why it is there.\nCREATE INDEX CONCURRENTLY "thing_id_idx" ON "thing"("id");\n';
  const indexes = () =>
    query(
      `SELECT indexrelid::regclass::text AS name, indisvalid AS valid FROM pg_index WHERE indrelid = 'thing'::regclass`,
    );
  const VALID = [{ name: 'thing_id_idx', valid: true }];

  beforeEach(async () => {
    await write('1_init', 'CREATE TABLE thing (id INT);');
    await migrate();
    await write('2_index', CREATE);
  });

  /** Another session, with a transaction that writes the table. */
  const whileWriting = async (work: (commit: () => Promise<unknown>) => Promise<void>): Promise<void> => {
    const writer = await openClient({ url, applicationName: 'test' });
    try {
      await writer.query('BEGIN; INSERT INTO thing VALUES (1)');
      await work(() => writer.query('COMMIT'));
    } finally {
      await writer.end();
    }
  };
  const waitsForWriter = () =>
    eventually(async () =>
      expect(
        await query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock'`,
        ),
      ).toHaveLength(1),
    );

  test('is made beside a transaction that writes, while others write as well, and recorded once', async () => {
    await whileWriting(async (commit) => {
      const migrating = migrate();
      await waitsForWriter();
      await query('INSERT INTO thing VALUES (2)');
      await commit();
      await migrating;
    });
    expect(await indexes()).toEqual(VALID);
    expect(await query('SELECT migration_name FROM _prisma_migrations ORDER BY 1')).toHaveLength(2);
    await migrate();
  });

  test('is made anew where a try before died half-way', async () => {
    await whileWriting(async (commit) => {
      const aborting = new AbortController();
      const died = migrateDatabase(url, pathToFileURL(`${folder}/`), logger, aborting.signal);
      died.catch(() => undefined);
      await waitsForWriter();
      await query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'migrations'`,
      );
      await expect(died).rejects.toThrow();
      await commit();
    });
    expect(await indexes()).toEqual([{ name: 'thing_id_idx', valid: false }]);
    await migrate();
    expect(await indexes()).toEqual(VALID);
  });

  test('stays where it was made and only not recorded', async () => {
    await query('CREATE INDEX "thing_id_idx" ON "thing"("id")');
    await migrate();
    expect(await indexes()).toEqual(VALID);
    expect(await query('SELECT FROM _prisma_migrations')).toHaveLength(2);
  });

  test('can be dropped in the same way', async () => {
    await write('3_drop', '-- migrate: concurrently\nDROP INDEX CONCURRENTLY IF EXISTS "thing_id_idx";\n');
    await migrate();
    expect(await indexes()).toEqual([]);
  });

  test.each([
    ['two statements', `${CREATE} SELECT 1;`],
    ['what cannot be repeated', '-- migrate: concurrently\nINSERT INTO thing VALUES (1);'],
  ])('is alone in its file: %s', async (_, sql) => {
    await write('2_index', sql);
    await expect(migrate()).rejects.toThrow('The migration 2_index must be one CREATE INDEX CONCURRENTLY');
    expect(await query('SELECT FROM thing')).toEqual([]);
  });
});

const asRole = (role: string): string => {
  const as = new URL(url);
  as.username = role;
  as.password = 'of-the-tests';
  return as.href;
};

const createRole = async (): Promise<string> => {
  const role = `runtime_${randomUUID().replaceAll('-', '')}`;
  await query(`CREATE ROLE ${role} LOGIN PASSWORD 'of-the-tests'`);
  return role;
};

test('the role of the services is let to a table with the very migration that makes it', async () => {
  const role = await createRole();
  await write('1_init', 'CREATE TABLE thing (id INT);');
  await write('2_wrong', 'SELECT nonsense;');
  await expect(migrateDatabase(url, pathToFileURL(`${folder}/`), logger, undefined, role)).rejects.toThrow(
    'nonsense',
  );
  const client = await openClient({ url: asRole(role), applicationName: 'test' });
  expect((await client.query('SELECT * FROM thing')).rows).toEqual([]);
  await client.end();
});

describe('who waits for the migrations of somebody else', () => {
  const check = (as = url) => checkMigrations(as, pathToFileURL(`${folder}/`));
  const refusal = (as?: string): Promise<unknown> =>
    check(as).then(
      () => 'nothing',
      (error: unknown) => error,
    );

  test('throws a transient error that names the missing ones, and changes nothing', async () => {
    await write('1_init', 'CREATE TABLE thing (id INT);');
    await write('2_more', 'SELECT 2;');
    await write('3_last', 'SELECT 3;');
    const error = await refusal();
    expect(error).toMatchObject({ message: 'waits for the migration 1_init and 2 more' });
    expect(isTransient(error)).toBe(true);
    expect(await query('SELECT * FROM pg_tables WHERE schemaname = current_schema()')).toEqual([]);
  });

  test('continues once they are applied, and whatever a later release has applied besides', async () => {
    await write('1_init', 'CREATE TABLE thing (id INT);');
    await migrate();
    await check();
    await write('2_later', 'SELECT 2;');
    expect(await refusal()).toMatchObject({ message: 'waits for the migration 2_later' });
    await migrate();
    await rm(path.join(folder, '2_later'), { recursive: true });
    await check();
  });

  test('waits while its role is not let to know them yet', async () => {
    const role = await createRole();
    await write('1_init', 'CREATE TABLE thing (id INT);');
    await migrate();
    expect(await refusal(asRole(role))).toMatchObject({ message: 'waits for the migration 1_init' });
    await migrateDatabase(url, pathToFileURL(`${folder}/`), logger, undefined, role);
    await check(asRole(role));
  });

  test('does not wait for one that was changed after it was applied', async () => {
    await write('1_init', 'CREATE TABLE thing (id INT);');
    await migrate();
    await write('1_init', 'CREATE TABLE thing (id BIGINT);');
    const error = await refusal();
    expect(error).toMatchObject({ message: 'The migration 1_init was changed after it was applied' });
    expect(isTransient(error)).toBe(false);
  });
});
