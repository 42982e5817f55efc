import { expect, test } from '@jest/globals';
import { eventually } from '../src/index.ts';

test('it answers what holds at last', async () => {
  let tries = 0;
  const answer = await eventually(() => {
    tries += 1;
    if (tries < 3) throw new Error('not yet');
    return tries;
  });
  expect(answer).toBe(3);
});

test('it waits for promises too', async () => {
  let tries = 0;
  expect(await eventually(async () => (tries++ < 2 ? Promise.reject(new Error('not yet')) : 'there'))).toBe(
    'there',
  );
});

test('when the time is up it throws what was wrong last', async () => {
  let tries = 0;
  const never = eventually(() => Promise.reject(new Error(`try ${(tries += 1)}`)), { timeoutMs: 100 });
  await expect(never).rejects.toThrow(/^try \d+$/);
  expect(tries).toBeGreaterThan(1);
});
