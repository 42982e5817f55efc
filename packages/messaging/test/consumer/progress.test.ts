import { expect, test } from '@jest/globals';
import { createConsumerProgress, STUCK_AFTER_MS } from '../../src/consumer/progress.ts';

const start = () => {
  let now = 1_000_000;
  const progress = createConsumerProgress({ monotonic: () => now });
  return {
    progress,
    /** It has given no sign of life for too long, which is a problem until its next heartbeat. */
    expectSilent: (problem: string) => {
      expect(progress.problem()).toBe(problem);
      expect(progress.silentForMs()).toBe(STUCK_AFTER_MS + 1);
      progress.recordHeartbeat();
      expect(progress.problem()).toBeUndefined();
      expect(progress.silentForMs()).toBe(0);
    },
    /** Time passes, in which the consumer continues to fetch unless it has died, and sends its heartbeats. */
    pass: (
      ms: number,
      { fetching = true, heartbeat = true }: { fetching?: boolean; heartbeat?: boolean } = {},
    ) => {
      now += ms;
      if (fetching) progress.recordActivity();
      if (fetching && heartbeat) progress.recordHeartbeat();
    },
  };
};

const ends = (high: bigint, from = 0n) => ({ 'ORDER_PLACED/0': { high, from } });

test('a consumer that has joined no group is not ready, and says so', () => {
  const { progress } = start();
  expect(progress.problem()).toBe('is not in its group');
  progress.joined({ ORDER_PLACED: [0] });
  expect(progress.problem()).toBeUndefined();
  progress.left();
  expect(progress.problem()).toBe('is not in its group');
});

test('a consumer that could not be started says why, until it has joined its group', () => {
  const { progress } = start();
  progress.failed('Not authorized to access group');
  expect(progress.problem()).toBe('is not in its group: Not authorized to access group');
  progress.joined({ ORDER_PLACED: [0] });
  progress.left();
  expect(progress.problem()).toBe('is not in its group');
});

test('a member without partitions, because others have them all, is ready', () => {
  const { progress, pass } = start();
  progress.joined({});
  progress.measure(ends(10n));
  pass(STUCK_AFTER_MS * 2);
  expect(progress.problem()).toBeUndefined();
});

test('a consumer that gives no sign of life has stopped fetching', () => {
  const { progress, pass, expectSilent } = start();
  progress.joined({ ORDER_PLACED: [0] });
  pass(STUCK_AFTER_MS, { fetching: false });
  expect(progress.problem()).toBeUndefined();
  pass(1, { fetching: false });
  expectSilent('has stopped fetching');
});

test('a consumer that fetches is silent all the same without a heartbeat in its group', () => {
  const { progress, pass, expectSilent } = start();
  progress.joined({ ORDER_PLACED: [0] });
  pass(STUCK_AFTER_MS, { heartbeat: false });
  progress.processed('ORDER_PLACED', 0, 5n);
  expect(progress.problem()).toBeUndefined();
  pass(1, { heartbeat: false });
  expectSilent('has no heartbeat in its group');
});

test('a consumer that fetches but works nothing of what there is makes no progress', () => {
  const { progress, pass } = start();
  progress.joined({ ORDER_PLACED: [0] });
  expect(progress.measure(ends(10n, 4n))).toEqual(new Map([['ORDER_PLACED/0', 6n]]));
  pass(STUCK_AFTER_MS);
  expect(progress.problem()).toBeUndefined();
  pass(1);
  expect(progress.problem()).toBe('makes no progress although there is lag');
  progress.processed('ORDER_PLACED', 0, 5n);
  expect(progress.problem()).toBeUndefined();
});

test('standing still counts from when there was something to do', () => {
  const { progress, pass } = start();
  progress.joined({ ORDER_PLACED: [0] });
  progress.measure(ends(0n));
  pass(STUCK_AFTER_MS * 10);
  progress.measure(ends(1n));
  expect(progress.problem()).toBeUndefined();
});

test('a paused consumer need not make progress, and has its whole time again when it resumes', () => {
  const { progress, pass } = start();
  progress.joined({ ORDER_PLACED: [0] });
  progress.measure(ends(10n));
  progress.paused(true);
  pass(STUCK_AFTER_MS * 2);
  progress.measure(ends(20n));
  expect(progress.problem()).toBeUndefined();
  progress.paused(false);
  pass(STUCK_AFTER_MS);
  expect(progress.problem()).toBeUndefined();
  pass(1);
  expect(progress.problem()).toBe('makes no progress although there is lag');
});

test('the lag counts from what was processed here, or else from what the group has committed', () => {
  const { progress } = start();
  progress.joined({ ORDER_PLACED: [0, 1] });
  progress.processed('ORDER_PLACED', 0, 9n);
  const lags = progress.measure({
    'ORDER_PLACED/0': { high: 10n, from: 2n },
    'ORDER_PLACED/1': { high: 10n, from: 2n },
    'ORDER_PLACED/2': { high: 10n, from: 2n },
  });
  expect(lags).toEqual(
    new Map([
      ['ORDER_PLACED/0', 1n],
      ['ORDER_PLACED/1', 8n],
    ]),
  );
});
