import { expect, test } from '@jest/globals';
import type { Settlement } from '@order-pipeline/contracts';
import { createPrismaAdapter, MAX_PASSED } from '@order-pipeline/service-kit';
import {
  createTestLogger,
  createTestRuntime,
  eventually,
  explain,
  holdSnapshot,
  inTurn,
  pagesRead,
  times,
} from '@order-pipeline/testing';
import { useFixturePerTest } from '@order-pipeline/testing/fixtures';
import { Prisma, PrismaClient } from '../src/generated/client.ts';
import { startReconciler } from '../src/reconciler.ts';
import { findHeld } from '../src/store/reservations.ts';
import type { Sql } from '../src/store/sql.ts';

type Statement = Parameters<typeof explain>[1];
type Parts = Parameters<typeof startReconciler>;

const CHUNK = 10_000;
/** More than a look may pass. */
const MANY = 60_000;
/** What a look may read: an entry of the index takes a page of the table at the most. */
const MAX_PAGES = 1.25 * MAX_PASSED + 2_500;
/** So that looks come every 250 ms, and all is looked at again after a second. */
const CHECK_AFTER_MS = 100;

const fixture = useFixturePerTest(async (postgres) => {
  const held = await holdSnapshot(postgres, 'inventory', 'reservations');
  const adapter = createPrismaAdapter(held.url, 'test', createTestLogger().logger);
  const database = new PrismaClient({ adapter });
  return { ...held, database, close: () => inTurn(held.close, () => database.$disconnect()) };
});

const hold = async (prefix: string, hoursAgo: string, count = 1): Promise<void> => {
  const client = await fixture().connect();
  await client.query(`
    INSERT INTO reservations (order_id, reservation_id, state, lines, created_at, updated_at)
    SELECT '${prefix}-' || n, 'r' || n, 'HELD', '[{"itemId":"nothing","quantity":1}]', t, t
    FROM (SELECT n, now() - (${hoursAgo}) * interval '1 hour' FROM generate_series(1, ${count}) AS n) AS r(n, t)`);
};

/** Reservations that were held between five and three hours ago, and of which the dead rows are left. */
const leaveDeadRows = async (count: number): Promise<void> => {
  for (const chunk of times(count / CHUNK, (index) => index)) {
    await hold(`dead-${chunk}`, `5 - 2.0 * n / ${CHUNK}`, CHUNK);
    await fixture().database.$executeRaw`DELETE FROM reservations WHERE order_id LIKE 'dead-%'`;
  }
};

/** A reconciler, the statements with which it has looked, and the orders that it has asked for. */
const start = () => {
  const runtime = createTestRuntime();
  const looks: Statement[][] = [];
  const asked: string[] = [];
  let statements: Statement[] = [];
  let failures = 0;
  const sql = {
    $queryRaw: (query: TemplateStringsArray, ...values: never[]) => {
      statements.push(Prisma.sql(query, ...values));
      if (failures === 0) return fixture().database.$queryRaw(query, ...values);
      failures -= 1;
      return Promise.reject(new Error('canceling statement due to statement timeout'));
    },
  } as unknown as Sql;
  const call = async (_: unknown, { body }: { body: { reservations: { orderId: string }[] } }) => {
    asked.push(...body.reservations.map(({ orderId }) => orderId));
    const settlements = body.reservations.map((one) => ({ ...one, verdict: 'PENDING' }) as Settlement);
    return { settlements };
  };
  const store = {
    findHeld: (...[range, after, limit]: Parameters<Parts[1]['store']['findHeld']>) => {
      // The last one of each look.
      if (range.until === undefined) looks.push(statements.splice(0));
      return findHeld(sql, range, after, limit);
    },
  };
  const reconciler = startReconciler(
    { clients: { call }, runtime, logger: createTestLogger().logger } as unknown as Parts[0],
    { store, leads: () => true } as unknown as Parts[1],
    CHECK_AFTER_MS,
  );
  return {
    reconciler,
    looks,
    timesAsked: (orderId: string) => asked.filter((id) => id === orderId).length,
    fail: (count: number) => {
      failures = count;
      statements = [];
    },
  };
};

type Reconciler = ReturnType<typeof start>;

const lookOften = (of: Reconciler, count: number): Promise<void> => {
  const target = of.looks.length + count;
  return eventually(() => expect(of.looks.length).toBeGreaterThanOrEqual(target), { timeoutMs: 60_000 });
};

/** The most that one of its next looks reads, in pages. */
const mostPages = async (of: Reconciler): Promise<number> => {
  const from = of.looks.length;
  await lookOften(of, 10);
  const pages: number[] = [];
  for (const look of of.looks.slice(from)) {
    let sum = 0;
    for (const statement of look)
      sum += pagesRead(await explain(fixture().database, statement, 'force_generic_plan'));
    pages.push(sum);
  }
  return Math.max(...pages);
};

test('dead rows under a held snapshot cost no look more than a look may cost', async () => {
  await leaveDeadRows(2 * MANY);
  const running = start();
  try {
    // Those of its start pass all of them, and learn where they are.
    await lookOften(running, 20);
    expect(await mostPages(running)).toBeLessThan(MAX_PAGES);
  } finally {
    await running.reconciler.stop();
  }
}, 120_000);

test('under a held snapshot each reservation is asked for, whatever its date, and again and again', async () => {
  await leaveDeadRows(MANY);
  await hold('old', '24 * 365 * 9');
  await hold('among', '4');
  const running = start();
  running.fail(2);
  try {
    const expectAsked = (orderId: string, count: number) =>
      eventually(() => expect(running.timesAsked(orderId)).toBeGreaterThanOrEqual(count), {
        timeoutMs: 30_000,
      });
    for (const orderId of ['old-1', 'among-1']) await expectAsked(orderId, 1);
    await lookOften(running, 4);
    await hold('new', '0');
    await hold('late', '4.5');
    for (const orderId of ['new-1', 'late-1', 'old-1', 'among-1']) await expectAsked(orderId, 3);
  } finally {
    await running.reconciler.stop();
  }
}, 120_000);
