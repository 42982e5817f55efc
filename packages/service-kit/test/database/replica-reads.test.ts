import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createTestLogger,
  createTestRuntime,
  eventually,
  inTurn,
  startTestReplication,
  type LogLine,
  type TestReplication,
} from '@order-pipeline/testing';
import type pg from 'pg';
import {
  createRawSql,
  createReplicaReads,
  createPool,
  readLogPosition,
  type CancellableSql,
  type Metrics,
  type RawSql,
  type Reads,
} from '../../src/index.ts';

let replication: TestReplication;
let url: string;
let primary: CancellableSql;
const pools: pg.Pool[] = [];

/** Long ones: what hangs here is ended by what the test is about. */
const LIMITS = { connectMs: 10_000, statementMs: 60_000, queryMs: 60_000 };

const open = (to: string): pg.Pool => {
  const pool = createPool(to, 'test', createTestLogger().logger, createTestRuntime(), LIMITS);
  pools.push(pool);
  return pool;
};

beforeAll(async () => {
  replication = await startTestReplication(2);
  url = await replication.primary.freshDatabase('read');
  primary = createRawSql(open(url));
  await primary.$executeRaw`CREATE TABLE things (id int)`;
  await replication.settle();
}, 120_000);

afterAll(() =>
  inTurn(
    () => Promise.all(pools.map((pool) => pool.end())),
    () => replication?.stop(),
  ),
);

const replicaOf = (index: number) => {
  const replica = replication.replicas[index];
  if (!replica) throw new Error('there is no such replica');
  return replica;
};

/** How long a replica is waited for: whatever the machine does meanwhile, or not at all. */
const PATIENT_MS = 60_000;
const IMPATIENT_MS = 1;

interface Reading {
  readonly reads: Reads;
  /** What came of the reads so far, in their order. */
  readonly outcomes: string[];
  readonly logs: readonly LogLine[];
  /** Lets the time pass for which a replica is left alone. */
  rest(): void;
}

const readingFrom = (replicaUrl: string, { maxLagMs = PATIENT_MS, from = primary } = {}): Reading => {
  const outcomes: string[] = [];
  let rested = 0;
  const { logger, logs } = createTestLogger();
  const metrics = {
    counter: () => ({ add: ({ outcome }: { outcome: string }) => void outcomes.push(outcome) }),
  } as unknown as Metrics;
  const runtime = createTestRuntime({ monotonic: () => performance.now() + rested });
  return {
    reads: createReplicaReads(from, open(replicaUrl), { maxLagMs, runtime, logger, metrics }),
    outcomes,
    logs,
    rest: () => (rested += 1_000),
  };
};

const countThings = async (sql: RawSql): Promise<number> => {
  const [row] = await sql.$queryRaw<{ count: number }[]>`SELECT count(*)::float8 AS count FROM things`;
  return row?.count ?? NaN;
};

const add = () => primary.$executeRaw`INSERT INTO things VALUES (1)`;

describe('a read that a replica may answer', () => {
  let reading: Reading;

  beforeEach(() => {
    reading = readingFrom(replicaOf(0).url(url));
  });

  test('is answered by it with all that was committed before', async () => {
    for (let round = 0; round < 20; round += 1) {
      await add();
      expect(await reading.reads.run(countThings)).toBe(await countThings(primary));
    }
    expect(new Set(reading.outcomes)).toEqual(new Set(['answered']));
    expect(reading.logs).toEqual([]);
  });

  test('waits for a replica that is behind, and sees what it waited for', async () => {
    await replicaOf(0).pause();
    await add();
    const read = reading.reads.run(countThings);
    const before = await Promise.race([read, Promise.resolve('waits')]);
    await replicaOf(0).resume();
    expect(before).toBe('waits');
    expect(await read).toBe(await countThings(primary));
    expect(reading.outcomes).toEqual(['answered']);
  });

  test('is answered by the primary while the replica is too far behind, and by the replica when it has caught up', async () => {
    const { reads, outcomes, logs, rest } = readingFrom(replicaOf(0).url(url), { maxLagMs: IMPATIENT_MS });
    await replicaOf(0).pause();
    await add();
    expect(await reads.run(countThings)).toBe(await countThings(primary));
    expect(await reads.run(countThings)).toBe(await countThings(primary));
    expect(outcomes).toEqual(['behind', 'rested']);
    await replicaOf(0).resume();
    await eventually(
      async () => {
        rest();
        await reads.run(countThings);
        expect(outcomes.at(-1)).toBe('answered');
      },
      { timeoutMs: 30_000 },
    );
    await reads.run(countThings);
    expect(outcomes.at(-1)).toBe('answered');
    expect(logs.map(({ msg }) => msg)).toEqual([
      'the replica is not read for now, the primary is',
      'the replica is read again',
    ]);
  });

  test('is tried by one after a rest, while the others do without', async () => {
    const { reads, outcomes, rest } = readingFrom('postgres://localhost:1/nowhere');
    await reads.run(countThings);
    rest();
    await Promise.all([reads.run(countThings), reads.run(countThings), reads.run(countThings)]);
    expect(outcomes.toSorted()).toEqual(['failed', 'failed', 'rested', 'rested']);
  });

  test('is answered by the primary when the replica ends it for what it has to replay, and the next by the replica', async () => {
    const slowThere = async (sql: RawSql): Promise<number> => {
      await sql.$queryRaw`
        SELECT count(*), pg_sleep(CASE WHEN pg_is_in_recovery() THEN 50 ELSE 0 END)::text FROM things`;
      return countThings(sql);
    };
    const there = createRawSql(open(replicaOf(0).url(url)));
    const read = reading.reads.run(slowThere);
    await eventually(
      async () => {
        const asleep = await there.$queryRaw<unknown[]>`
          SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'`;
        expect(asleep).toHaveLength(1);
      },
      { timeoutMs: 30_000 },
    );
    await primary.$executeRaw`ALTER TABLE things ADD COLUMN more int`;
    expect(await read).toBe(await countThings(primary));
    expect(await reading.reads.run(countThings)).toBe(await countThings(primary));
    expect(reading.outcomes).toEqual(['conflict', 'answered']);
    expect(reading.logs).toEqual([]);
  });

  test('is answered by the primary where the replica has no such table', async () => {
    const { reads, outcomes } = readingFrom(replicaOf(0).url(url.replace(/\/[^/?]*(?=\?|$)/, '/postgres')));
    expect(await reads.run(countThings)).toBe(await countThings(primary));
    expect(outcomes).toEqual(['failed']);
  });

  test('is answered by the primary where what is named is no replica', async () => {
    const { reads, outcomes } = readingFrom(url);
    expect(await reads.run(countThings)).toBe(await countThings(primary));
    expect(outcomes).toEqual(['promoted']);
  });

  test('fails as the primary does where neither can answer', async () => {
    const wrong = (sql: RawSql) => sql.$queryRaw`SELECT FROM no_such_table`;
    await expect(reading.reads.run(wrong)).rejects.toMatchObject({ code: '42P01' });
  });

  test('needs a position of the log that only a primary has, and is read all the same where there is none', async () => {
    const there = createRawSql(open(replicaOf(1).url(url)));
    await expect(readLogPosition(there)).rejects.toMatchObject({ code: '55000' });
    const { reads, outcomes } = readingFrom(replicaOf(0).url(url), { from: there });
    await expect(reads.run(countThings)).resolves.toBeGreaterThanOrEqual(0);
    expect(outcomes).toEqual(['failed']);
  });
});

test('a role needs no rights but those on the tables', async () => {
  await primary.$executeRaw`CREATE ROLE plain LOGIN PASSWORD 'plain'`;
  await primary.$executeRaw`GRANT SELECT ON things TO plain`;
  const asPlain = (to: string): string => to.replace(/\/\/.*@/, '//plain:plain@');
  const { reads, outcomes } = readingFrom(asPlain(replicaOf(0).url(url)), {
    from: createRawSql(open(asPlain(url))),
  });
  await replication.settle();
  expect(await reads.run(countThings)).toBe(await countThings(primary));
  expect(outcomes).toEqual(['answered']);
});

// These end the replicas one after the other.
test('a replica that is promoted is no longer read, nor is one of the old primary by who writes to the new', async () => {
  const { reads, outcomes } = readingFrom(replicaOf(1).url(url));
  await reads.run(countThings);
  await replicaOf(1).promote();
  await add();
  expect(await reads.run(countThings)).toBe(await countThings(primary));
  expect(outcomes).toEqual(['answered', 'promoted']);

  const promoted = createRawSql(open(replicaOf(1).url(url)));
  // The old primary's log is further than the new one's, so only its timeline tells.
  for (let round = 0; round < 100; round += 1) await add();
  await readingFrom(replicaOf(0).url(url)).reads.run(countThings);
  const old = readingFrom(replicaOf(0).url(url), { maxLagMs: IMPATIENT_MS, from: promoted });
  expect(await old.reads.run(countThings)).toBe(await countThings(promoted));
  expect(old.outcomes).toEqual(['behind']);
});

test('a replica that has gone is not read', async () => {
  const { reads, outcomes } = readingFrom(replicaOf(0).url(url));
  await reads.run(countThings);
  await replicaOf(0).stop();
  expect(await reads.run(countThings)).toBe(await countThings(primary));
  expect(outcomes).toEqual(['answered', 'failed']);
});
