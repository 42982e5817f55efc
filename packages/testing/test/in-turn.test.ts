import { expect, test } from '@jest/globals';
import { inTurn } from '@order-pipeline/testing';

test('every step is taken in turn, also after one that fails, whose error comes out in the end', async () => {
  const taken: number[] = [];
  const steps = [1, 2, 3].map((step) => async () => {
    taken.push(step);
    if (step < 3) throw new Error(`step ${step}`);
  });
  await expect(inTurn(...steps)).rejects.toThrow('step 1');
  expect(taken).toEqual([1, 2, 3]);
});

test('where no step fails, nothing is thrown', async () => {
  expect(
    await inTurn(
      () => 1,
      async () => 2,
    ),
  ).toBeUndefined();
});
