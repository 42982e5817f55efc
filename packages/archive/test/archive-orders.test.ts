import { stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { openFolder } from '@order-pipeline/archive';
import { createTestRuntime } from '@order-pipeline/testing';
import { OLD_IDS, STAYING, useArchive } from './fixture.ts';

const fixture = useArchive();

test('what was closed long ago goes into files, and what goes on or is waited for stays', async () => {
  expect(await fixture().archive()).toMatchObject({ orders: OLD_IDS.length, left: 4, finished: 0 });
  expect(await fixture().liveIds()).toEqual(STAYING);
  expect((await fixture().filed()).map(({ id }) => id)).toEqual(OLD_IDS);
  const left = await fixture().select('inventory', "SELECT FROM reservations WHERE order_id LIKE 'old-%'");
  expect(left).toEqual([]);
  expect(await fixture().wrong()).toEqual({});
  expect(await fixture().archive()).toMatchObject({ orders: 0, files: 0, left: 4 });
});

test('an order stands in the folder of its month, with its history and its reservation', async () => {
  await fixture().archive();
  const files = await openFolder(fixture().dir).list();
  const months = [...new Set(files.map((file) => file.split('/').slice(0, 2).join('/')))].toSorted();
  expect(months).toEqual(['year=2026/month=01', 'year=2026/month=02', 'year=2026/month=03']);
  const filed = await fixture().filed();
  expect(filed.find(({ id }) => id === 'old-2')).toEqual({
    id: 'old-2',
    seq: 2n,
    user_id: 'user11',
    status: 'DELIVERED',
    lines: [
      { item_id: 'item2', quantity: 1 },
      { item_id: 'item1', quantity: 2 },
    ],
    created_at: new Date('2026-01-03T00:00:00.000Z'),
    closed_at: new Date('2026-01-03T00:00:02.000Z'),
    announced_at: new Date('2026-01-03T00:00:00.000Z'),
    stock_returned_at: null,
    reservation_id: 'r-old-2',
    traceparent: null,
    history: [
      { status: 'PENDING', at: new Date('2026-01-03T00:00:00.000Z') },
      { status: 'PROCESSING', at: new Date('2026-01-03T00:00:01.000Z') },
      { status: 'SHIPPED', at: new Date('2026-01-03T00:00:01.000Z') },
      { status: 'DELIVERED', at: new Date('2026-01-03T00:00:02.000Z') },
    ].map((step) => ({
      ...step,
      cause: 'test',
      event_partition: null,
      event_offset: null,
      published_partition: null,
      published_offset: null,
    })),
    reservation: {
      reservation_id: 'r-old-2',
      state: 'CONSUMED',
      lines: [
        { item_id: 'item1', quantity: 2 },
        { item_id: 'item2', quantity: 1 },
      ],
      created_at: expect.any(Date),
      updated_at: expect.any(Date),
    },
  });
  expect(filed.find(({ id }) => id === 'old-3')).toMatchObject({
    status: 'CANCELLED',
    stock_returned_at: new Date('2026-01-04T00:00:03.000Z'),
    reservation: { state: 'RELEASED' },
  });
});

test('a second archive of the same orders is refused while the first one runs', async () => {
  const runtime = createTestRuntime();
  const stop = runtime.stopAt('archive.afterWriteBeforeRename');
  const first = fixture().archive({ runtime });
  await stop.reached;
  await expect(fixture().archive()).rejects.toThrow('Another archive of these orders is running');
  stop.resume();
  await first;
  expect(await fixture().archive()).toMatchObject({ orders: 0 });
  expect(await fixture().wrong()).toEqual({});
});

/** Ends the session that has the lock of the archive that runs. */
const loseLock = async (): Promise<void> => {
  const killed = await fixture().select(
    'orders',
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'archive' AND state = 'idle in transaction'`,
  );
  expect(killed).toHaveLength(1);
};

test.each(['archive.afterAnnounceBeforeWrite', 'archive.afterRenameBeforeRemove'] as const)(
  'two archives at once, where the lock was lost at %s, put each order into one file',
  async (point) => {
    const runtime = createTestRuntime();
    const stop = runtime.stopAt(point);
    const first = fixture().archive({ runtime });
    await stop.reached;
    await loseLock();
    await fixture().archive();
    stop.resume();
    await first.catch(() => undefined);
    expect((await fixture().filed()).map(({ id }) => id)).toEqual(OLD_IDS);
    expect(await fixture().wrong()).toEqual({});
  },
);

test('an order that something came to wait for is not removed, nor any other of its file', async () => {
  const runtime = createTestRuntime();
  const stop = runtime.stopAt('archive.afterRenameBeforeRemove');
  const running = fixture().archive({ runtime, ordersPerFile: 1_000 });
  await stop.reached;
  await fixture().run('orders', "UPDATE dead_letters SET order_id = 'old-1' WHERE id = 'letter'");
  stop.resume();
  const { left } = await running;
  expect(left).toBeGreaterThan(20);
  expect(await fixture().liveIds()).toContain('old-1');
  expect(await fixture().wrong()).toEqual({});
  await fixture().archive();
  expect(await fixture().liveIds()).toEqual(['old-1', ...STAYING.filter((id) => id !== 'dead')].toSorted());
  expect(await fixture().wrong()).toEqual({});
});

test('a reservation that was made anew for a cancelled order stays where it is', async () => {
  const runtime = createTestRuntime();
  const stop = runtime.stopAt('archive.afterRemoveBeforeReservations');
  const running = fixture().archive({ runtime, ordersPerFile: 1_000 });
  await stop.reached;
  await fixture().run(
    'inventory',
    `UPDATE reservations SET reservation_id = 'another', created_at = now() WHERE order_id = 'old-3'`,
  );
  stop.resume();
  await running;
  const rows = await fixture().select(
    'inventory',
    "SELECT order_id FROM reservations WHERE order_id LIKE 'old-%'",
  );
  expect(rows).toEqual([{ order_id: 'old-3' }]);
  expect(await fixture().wrong()).toEqual({});
});

test('a file that is gone before its reservations are removed is asked for, and nothing is removed', async () => {
  const failpoint = (point: string): void => {
    if (point === 'archive.afterRemoveBeforeReservations') throw new Error('stopped');
  };
  await expect(fixture().archive({ runtime: createTestRuntime({ failpoint }) })).rejects.toThrow('stopped');
  await expect(fixture().archive({ dir: `${fixture().dir}/elsewhere` })).rejects.toThrow(
    /is not in the folder: name the one that it was written to/,
  );
  expect(await fixture().archive()).toMatchObject({ finished: 1 });
  expect(await fixture().wrong()).toEqual({});
});

/** What archives have left behind in the database for the metrics. */
const totals = async () => {
  const [row] = await fixture().select<Record<string, string | null>>(
    'orders',
    'SELECT * FROM archive_totals',
  );
  const { succeeded_at: succeededAt, running_since: runningSince, single: _, ...counts } = row ?? {};
  return {
    ...Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, Number(value)])),
    hasSucceeded: succeededAt !== null,
    isRunning: runningSince !== null,
  };
};

test('what is archived, and that it succeeded, is counted in the database', async () => {
  expect(await totals()).toMatchObject({
    runs_succeeded: 0,
    files: 0,
    hasSucceeded: false,
    isRunning: false,
  });
  const { files } = await fixture().archive();
  const sizes = await Promise.all(
    (await openFolder(fixture().dir).list()).map(
      async (file) => (await stat(path.join(fixture().dir, file))).size,
    ),
  );
  const after = {
    runs_succeeded: 1,
    runs_failed: 0,
    files,
    orders: OLD_IDS.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    hasSucceeded: true,
    isRunning: false,
  };
  expect(await totals()).toEqual(after);
  await fixture().archive();
  expect(await totals()).toEqual({ ...after, runs_succeeded: 2 });
});

test('an archive that fails is counted, with what it has archived', async () => {
  const failpoint = (point: string): void => {
    if (point === 'archive.afterRemoveBeforeReservations') throw new Error('stopped');
  };
  await expect(fixture().archive({ runtime: createTestRuntime({ failpoint }) })).rejects.toThrow('stopped');
  expect(await totals()).toMatchObject({ runs_succeeded: 0, runs_failed: 1, files: 1, isRunning: false });
  await fixture().archive();
  expect(await totals()).toMatchObject({ runs_succeeded: 1, runs_failed: 1, orders: OLD_IDS.length });
});

test('one that is refused since another one runs is no failure', async () => {
  const runtime = createTestRuntime();
  const stop = runtime.stopAt('archive.afterWriteBeforeRename');
  const first = fixture().archive({ runtime });
  await stop.reached;
  await expect(fixture().archive()).rejects.toThrow('Another archive of these orders is running');
  expect(await totals()).toMatchObject({ runs_failed: 0, isRunning: true });
  stop.resume();
  await first;
  expect(await totals()).toMatchObject({ runs_succeeded: 1, runs_failed: 0, isRunning: false });
});

test('a file that was taken back meanwhile is not dated, and its orders stay for the run that took it back', async () => {
  const [held, other] = [createTestRuntime(), createTestRuntime()];
  const stop = held.stopAt('archive.afterRenameBeforeRemove');
  const first = fixture().archive({ runtime: held });
  await stop.reached;
  await loseLock();
  // It has taken the file of the first one back, removed it, and announced its own.
  const otherStop = other.stopAt('archive.afterAnnounceBeforeWrite');
  const second = fixture().archive({ runtime: other });
  await otherStop.reached;
  expect(await openFolder(fixture().dir).list()).toEqual([]);
  // The first one goes on until it looks for another page, which takes what the second one has announced as well.
  const next = held.stopAt('archive.afterAnnounceBeforeWrite');
  stop.resume();
  await next.reached;
  expect(await fixture().liveIds()).toEqual([...OLD_IDS, ...STAYING].toSorted());
  expect(await fixture().wrong()).toEqual({});
  otherStop.resume();
  await second;
  next.resume();
  await first.catch(() => undefined);
  expect((await fixture().filed()).map(({ id }) => id)).toEqual(OLD_IDS);
  expect(await fixture().wrong()).toEqual({});
});
