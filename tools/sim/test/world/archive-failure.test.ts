import { expect, test } from '@jest/globals';
import { ArchiveError } from '@order-pipeline/archive';
import { wrongWith } from '../../src/world/archive-failure.ts';

const refused = Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' });
const lost = new Error('Connection terminated unexpectedly');

test('an archive that began before all faults were healed may still fail by one of them', () => {
  for (const error of [refused, lost]) expect(wrongWith(error, false)).toBeUndefined();
});

test('one that begins after that meets no fault', () => {
  for (const error of [refused, lost]) expect(wrongWith(error, true)).toContain(error.message);
});

test('it may always find another one running, and nothing else is excused', () => {
  for (const beganHealed of [false, true]) {
    expect(
      wrongWith(new ArchiveError('Another archive of these orders is running'), beganHealed),
    ).toBeUndefined();
    expect(wrongWith(new ArchiveError('A file is damaged'), beganHealed)).toBe('A file is damaged');
    expect(wrongWith(new TypeError('x is undefined'), beganHealed)).toContain('x is undefined');
    expect(wrongWith('no error', beganHealed)).toBe('no error');
  }
});
