import { expect, test } from '@jest/globals';
import { refusalOf, type Condition } from '../../src/world/database/conditions.ts';

const refused = (condition: Condition, text: string): string | undefined =>
  refusalOf(new Set([condition]), text)?.message;

test.each([
  ['INSERT INTO a VALUES (1)', 'INSERT'],
  ['WITH b AS (UPDATE a SET c = 1 RETURNING d) SELECT d FROM b', 'UPDATE'],
  ['delete from a', 'DELETE'],
  ['SELECT b FROM a ORDER BY b FOR UPDATE SKIP LOCKED', 'SELECT FOR UPDATE'],
  ['SELECT b FROM a FOR KEY SHARE', 'SELECT FOR KEY SHARE'],
])('a read-only server refuses %s', (text, word) => {
  expect(refused('read-only', text)).toBe(`cannot execute ${word} in a read-only transaction`);
});

test.each(['SELECT updated_at FROM a', 'BEGIN', 'COMMIT', 'ROLLBACK'])(
  'a read-only server carries out %s',
  (text) => {
    expect(refused('read-only', text)).toBeUndefined();
    expect(refused('disk full', text)).toBeUndefined();
  },
);

test('a server whose disk is full refuses what writes, but not what locks', () => {
  expect(refused('disk full', 'INSERT INTO a VALUES (1)')).toMatch(/No space left/);
  expect(refused('disk full', 'SELECT b FROM a FOR UPDATE')).toBeUndefined();
  expect(refused('disk full', 'SELECT b FROM a FOR NO KEY UPDATE')).toBeUndefined();
});

test('a server that has too many connections carries out what comes over those that it has', () => {
  expect(refused('too many connections', 'INSERT INTO a VALUES (1)')).toBeUndefined();
});
