import { expect, test } from '@jest/globals';
import { createManualTime, createTestLogger, eventually } from '@order-pipeline/testing';
import { startPeriodic, unavailable } from '../src/index.ts';

/** Work that ends when the test ends it: with whether there is more, or with an error. */
const startHeld = (options: { atStart?: boolean; restMs?: number } = {}) => {
  const time = createManualTime();
  const { logger, logs } = createTestLogger();
  const runs: ((outcome: boolean | Error) => void)[] = [];
  const periodic = startPeriodic({
    name: 'sweep',
    intervalMs: 1_000,
    runtime: time.runtime,
    logger,
    ...options,
    work: () =>
      new Promise((resolve, reject) => {
        runs.push((outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)));
      }),
  });
  /** A second run follows the first at once, and then a wait. */
  const runsOnceMore = async () => {
    await eventually(() => expect(runs).toHaveLength(2));
    runs[1]?.(false);
    await eventually(() => expect(time.pending()).toBe(1));
    expect(runs).toHaveLength(2);
  };
  return { ...time, logs, runs, periodic, runsOnceMore };
};

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('the first run is after one interval, the next one an interval after its end', async () => {
  const { runs, advance, pending } = startHeld();
  advance(999);
  expect(runs).toHaveLength(0);
  advance(1);
  expect(runs).toHaveLength(1);
  advance(5_000);
  expect(runs).toHaveLength(1);
  runs[0]?.(false);
  await eventually(() => expect(pending()).toBe(1));
  advance(999);
  expect(runs).toHaveLength(1);
  advance(1);
  expect(runs).toHaveLength(2);
});

test('with atStart the first run is at once', () => {
  expect(startHeld({ atStart: true }).runs).toHaveLength(1);
});

test('while there is more to do it continues without waiting', async () => {
  const { runs, runsOnceMore } = startHeld({ atStart: true });
  runs[0]?.(true);
  await runsOnceMore();
});

test('a run that fails is logged with its name and tried again at the next turn', async () => {
  const { runs, advance, pending, logs } = startHeld({ atStart: true });
  runs[0]?.(unavailable('down', new Error('the database is away')));
  await eventually(() => expect(pending()).toBe(1));
  expect(logs).toMatchObject([{ level: 40, task: 'sweep', reason: 'the database is away' }]);
  advance(1_000);
  expect(runs).toHaveLength(2);
});

test('woken while it waits, it runs at once and not a second time at the end of the interval', async () => {
  const { runs, advance, periodic } = startHeld();
  periodic.wake();
  expect(runs).toHaveLength(1);
  advance(1_000);
  await turn();
  expect(runs).toHaveLength(1);
});

test('woken while it runs, however often, it runs once more right after', async () => {
  const { runs, periodic, runsOnceMore } = startHeld({ atStart: true });
  periodic.wake();
  periodic.wake();
  expect(runs).toHaveLength(1);
  runs[0]?.(false);
  await runsOnceMore();
});

test('stopping waits for the run under way, and no other one follows', async () => {
  const { runs, periodic, advance } = startHeld({ atStart: true });
  periodic.wake();
  let stopped = false;
  const stopping = periodic.stop().then(() => (stopped = true));
  await turn();
  expect(stopped).toBe(false);
  runs[0]?.(true);
  await stopping;
  periodic.wake();
  advance(10_000);
  await turn();
  expect(runs).toHaveLength(1);
});

test('it rests after a run, and runs once for all that woke it meanwhile', async () => {
  const { runs, periodic, advance, pending } = startHeld({ restMs: 100 });
  periodic.wake();
  periodic.wake();
  runs[0]?.(false);
  await eventually(() => expect(pending()).toBe(1));
  periodic.wake();
  advance(99);
  expect(runs).toHaveLength(1);
  advance(1);
  expect(runs).toHaveLength(2);
});

test('rested and not woken, it runs at the end of the interval', async () => {
  const { runs, advance, pending } = startHeld({ atStart: true, restMs: 100 });
  runs[0]?.(false);
  await eventually(() => expect(pending()).toBe(1));
  advance(100);
  advance(899);
  expect(runs).toHaveLength(1);
  advance(1);
  expect(runs).toHaveLength(2);
});
