import { expect, test } from '@jest/globals';
import { decideRegistration } from '../src/domain.ts';

const ada = { userId: 'ada', name: 'Ada', email: 'ada@example.com' };

test('a registration that put the user there is new', () => {
  expect(decideRegistration(ada, { ...ada }, true)).toBe('REGISTERED');
});

test('the same data again is the same registration', () => {
  expect(decideRegistration(ada, { ...ada }, false)).toBe('ALREADY_REGISTERED');
});

test.each([{ name: 'Grace' }, { email: 'grace@example.com' }, { name: 'ADA' }])(
  'under a taken id, other data is refused: %j',
  (other) => {
    expect(decideRegistration(ada, { ...ada, ...other }, false)).toBe('ID_TAKEN');
  },
);
