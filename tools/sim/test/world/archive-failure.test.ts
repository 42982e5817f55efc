import { expect, test } from '@jest/globals';
import { ArchiveError } from '@order-pipeline/archive';
import { createExposure, wrongWith } from '../../src/world/archive-failure.ts';
import { LONGEST_TRIP_MS } from '../../src/world/database/sim-connection.ts';

const refused = Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' });
const lost = new Error('Connection terminated unexpectedly');

test('an archive that is exposed to faults may fail by one of them, and no other', () => {
  for (const error of [refused, lost]) {
    expect(wrongWith(error, true)).toBeUndefined();
    expect(wrongWith(error, false)).toContain(error.message);
  }
});

/** What says of runs whether they are exposed, and what heals all faults and lets time pass. */
const start = () => {
  let isHealed = false;
  let now = 0;
  return {
    begin: createExposure({ isHealed: () => isHealed, now: () => now }),
    heal: () => {
      isHealed = true;
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
};

test('a run is exposed until all faults are healed and what was on its way then has arrived', () => {
  const { begin, heal, pass } = start();
  for (const run of [begin(), begin()]) {
    expect(run.isExposed).toBe(true);
    run.end();
  }
  heal();
  expect(begin().isExposed).toBe(true);
  pass(LONGEST_TRIP_MS);
  expect(begin().isExposed).toBe(true);
  pass(1);
  expect(begin().isExposed).toBe(false);
});

test('a run is exposed while one that began before is under way, and that exposes no others', () => {
  const { begin, heal, pass } = start();
  const old = begin();
  heal();
  begin().end();
  pass(LONGEST_TRIP_MS + 1);
  const beside = begin();
  expect(beside.isExposed).toBe(true);
  old.end();
  expect(begin().isExposed).toBe(false);
});

test('it may always find another one running, and nothing else is excused', () => {
  for (const isExposed of [false, true]) {
    expect(
      wrongWith(new ArchiveError('Another archive of these orders is running'), isExposed),
    ).toBeUndefined();
    expect(wrongWith(new ArchiveError('A file is damaged'), isExposed)).toBe('A file is damaged');
    expect(wrongWith(new TypeError('x is undefined'), isExposed)).toContain('x is undefined');
    expect(wrongWith('no error', isExposed)).toBe('no error');
  }
});
