import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createTestRuntime,
  explain,
  nodesOf,
  PLAN_MODES,
  rowsRead,
  statementsOf,
} from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { Prisma, type PrismaClient } from '../src/generated/client.ts';
import { MAX_SCAN_MS, MAX_SCANNED_ROWS, SCAN_SLICE_ROWS } from '../src/store/item-scan.ts';
import { listFound, scanFound, scanWaiting } from '../src/store/search.ts';
import type { Database } from '../src/store/sql.ts';
import { openFilledDatabase, STATISTICS } from './filled-database.ts';

/** How many rows a statement may look at for each of its slice: one of each status. */
const MAX_PER_ROW = 11;

const postgres = useTestPostgres();
const runtime = createTestRuntime();
let database: PrismaClient<'query'>;

const page = { limit: 20 };
const absent = { itemId: 'absent' };
const ago = (hours: number): number => Date.now() - hours * 3_600_000;
const waiting = { ...absent, until: new Date(ago(0)).toISOString() };
/** In the middle of all. */
const waitingAt = { since: ago(1.8), seq: 1 };

const SCANS: Readonly<Record<string, (sql: Database) => Promise<unknown>>> = {
  'the newest orders': (sql) => scanFound(sql, page, absent, runtime),
  'orders further back': (sql) => scanFound(sql, { ...page, before: 28_000 }, absent, runtime),
  'orders of a status': (sql) => scanFound(sql, page, { ...absent, status: 'DELIVERED' }, runtime),
  'orders of a user': (sql) => scanFound(sql, page, { ...absent, search: 'user-1' }, runtime),
  'orders that wait longest': (sql) => scanWaiting(sql, page, waiting, runtime),
  'orders that wait longest in a status, further on': (sql) =>
    scanWaiting(sql, { ...page, before: waitingAt }, { ...waiting, status: 'SHIPPED' }, runtime),
};

describe.each(STATISTICS)('with statistics %s', (statistics) => {
  beforeAll(async () => {
    database = await openFilledDatabase(postgres, statistics);
  }, 60_000);

  afterAll(() => database?.$disconnect());

  describe.each(PLAN_MODES)('%s', (mode) => {
    test.each(Object.keys(SCANS))('a slice of the orders is looked at: %s', async (name) => {
      const statements = await statementsOf(Prisma.sql, SCANS[name] as (typeof SCANS)[string]);
      expect(statements).toHaveLength(1);
      for (const statement of statements) {
        const plan = await explain(database, statement, mode);
        expect(nodesOf(plan).filter((node) => node['Node Type'] === 'Seq Scan')).toEqual([]);
        expect(rowsRead(plan)).toBeLessThan(SCAN_SLICE_ROWS * MAX_PER_ROW);
      }
    });
  });

  test('a page ends after so many orders, or so much time, and leads on', async () => {
    const still = { monotonic: () => 0 };
    const first = await scanFound(database, page, absent, still);
    const [newest] = (await listFound(database, { limit: 1 }, {})).rows;
    expect(first).toMatchObject({ rows: [], next: Number(newest?.seq) - MAX_SCANNED_ROWS + 1 });
    expect(first.last?.createdAt).toBeInstanceOf(Date);
    let ms = 0;
    const late = { monotonic: () => (ms += MAX_SCAN_MS) };
    const short = await scanFound(database, page, absent, late);
    expect(short.next).toBe(Number(newest?.seq) - SCAN_SLICE_ROWS + 1);
    const end = await scanFound(database, { ...page, before: 100 }, absent, still);
    expect(end).toMatchObject({ rows: [], next: undefined });
  });
});
