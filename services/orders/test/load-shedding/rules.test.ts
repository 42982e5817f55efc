import { expect, test } from '@jest/globals';
import { decideOutboxShedding, START_GRACE_MS, type SheddingReason } from '../../src/load-shedding/rules.ts';

const limits = { maxAgeMs: 60_000, maxRows: 100 };

const decide = (depth: number, ageMs: number, was: SheddingReason[] = []) =>
  decideOutboxShedding(new Set(was), { depth, ageMs }, limits, START_GRACE_MS);

test('new orders are taken up to the limits of the outbox, and not beyond them', () => {
  expect(decide(0, 0)).toEqual({ OUTBOX_TOO_OLD: false, OUTBOX_TOO_DEEP: false });
  expect(decide(100, 60_000)).toEqual({ OUTBOX_TOO_OLD: false, OUTBOX_TOO_DEEP: false });
  expect(decide(100, 60_001)).toEqual({ OUTBOX_TOO_OLD: true, OUTBOX_TOO_DEEP: false });
  expect(decide(101, 60_000)).toEqual({ OUTBOX_TOO_OLD: false, OUTBOX_TOO_DEEP: true });
});

test('what was over its limit is over it until it has come down to half of it', () => {
  expect(decide(51, 30_001, ['OUTBOX_TOO_DEEP', 'OUTBOX_TOO_OLD'])).toEqual({
    OUTBOX_TOO_OLD: true,
    OUTBOX_TOO_DEEP: true,
  });
  expect(decide(50, 30_000, ['OUTBOX_TOO_DEEP', 'OUTBOX_TOO_OLD'])).toEqual({
    OUTBOX_TOO_OLD: false,
    OUTBOX_TOO_DEEP: false,
  });
  // One does not stand for the other.
  expect(decide(51, 30_001, ['OUTBOX_TOO_OLD']).OUTBOX_TOO_DEEP).toBe(false);
  expect(decide(51, 30_001, ['OUTBOX_TOO_DEEP']).OUTBOX_TOO_OLD).toBe(false);
});

test('right after a start the age of what was left behind does not count, its number does', () => {
  const backlog = { depth: 101, ageMs: 3_600_000 };
  expect(decideOutboxShedding(new Set(), backlog, limits, START_GRACE_MS - 1)).toEqual({
    OUTBOX_TOO_OLD: false,
    OUTBOX_TOO_DEEP: true,
  });
});
