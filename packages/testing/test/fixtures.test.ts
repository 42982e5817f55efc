import { afterAll, expect, test } from '@jest/globals';
import { closeAfterTests, useFixture } from '../src/fixtures.ts';

const happened: string[] = [];

const first = useFixture(
  () => {
    happened.push('first opened');
    return { name: 'first', count: 1 };
  },
  ({ count }) => happened.push(`first closed with ${count}`),
);
const second = useFixture(
  async () => ({ name: `opened after ${first.name}` }),
  ({ name }) => happened.push(`second, ${name}, closed`),
);

const nameBeforeTests = (): string => {
  try {
    return first.name;
  } catch (error) {
    return (error as Error).message;
  }
};
const early = nameBeforeTests();

// jest calls its hooks in the order in which they stand in a file.
afterAll(() => {
  expect(happened).toEqual([
    'first opened',
    'opened by a test, closed',
    'second, opened after first, closed',
    'first closed with 2',
  ]);
});

test('a fixture that is used before the tests run says so', () => {
  expect(early).toBe('A fixture is used before the tests run');
});

test('what stands for a fixture has its properties and can be copied', () => {
  expect({ ...first }).toEqual({ name: 'first', count: 1 });
  expect('count' in first).toBe(true);
  expect('count' in second).toBe(false);
});

test('what is set is set on the fixture, which is closed after what a test has opened', () => {
  first.count = 2;
  closeAfterTests(() => happened.push('opened by a test, closed'));
});
