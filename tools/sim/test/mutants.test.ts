import { expect, test } from '@jest/globals';
import { applyEdit, plantedTexts } from '../mutants/plant.ts';
import { MUTANTS } from '../mutants/mutants.ts';

test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
  'the bug "%s" can still be planted: what it changes stands where it stood',
  async (_name, mutant) => {
    const texts = await plantedTexts(mutant);
    expect([...texts.keys()].toSorted()).toEqual(
      [...new Set(mutant.edits.map(({ file }) => file))].toSorted(),
    );
  },
);

test('an edit that fits nowhere, or in two places, is refused', () => {
  const edit = { file: 'a.ts', find: 'x', replace: 'y' };
  expect(applyEdit('a x b', edit)).toBe('a y b');
  expect(() => applyEdit('a b', edit)).toThrow('a.ts does not have exactly once: x');
  expect(() => applyEdit('x x', edit)).toThrow('a.ts does not have exactly once: x');
});
