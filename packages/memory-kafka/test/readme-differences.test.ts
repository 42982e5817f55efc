// The README's table of differences and the tests that hold its rows keep to each other.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const TESTS = fileURLToPath(new URL('.', import.meta.url));
const README = fileURLToPath(new URL('../README.md', import.meta.url));

/** Why a row may be left. */
const REASON = /^(deliberate|race in the original|out of reach): ./;

/** Why each row is left, and what it names as its tests. */
const rows = (): ReadonlyMap<string, { readonly why: string; readonly named: readonly string[] }> => {
  const [, section = ''] = readFileSync(README, 'utf8').split('## Differences from kafkajs on a real broker');
  const [, , ...lines] = section.split('\n').filter((line) => line.startsWith('|'));
  return new Map(
    lines.map((line) => {
      const cells = line.split('|').map((cell) => cell.trim());
      const [, row = '', , , why = '', tests = ''] = cells;
      return [row, { why, named: tests.split('<br>').filter(Boolean) }];
    }),
  );
};

/** The titles of the tests in files whose names begin so. */
const titlesIn = (prefix: string): string[] =>
  readdirSync(TESTS)
    .filter((file) => file.startsWith(prefix) && file.endsWith('.test.ts'))
    .flatMap((file) => [
      ...readFileSync(TESTS + file, 'utf8').matchAll(/^ *(?:test|it)\(\s*'((?:[^'\\]|\\.)+)'/gm),
    ])
    .map(([, title = '']) => title);

test('each row of the table names tests that there are', () => {
  const titles = new Set(titlesIn(''));
  expect(rows().size).toBeGreaterThan(20);
  for (const [row, { named }] of rows()) {
    expect([row, named.length > 0]).toEqual([row, true]);
    expect(named.filter((title) => !titles.has(title))).toEqual([]);
  }
});

test('each row of the table says why it is left', () => {
  for (const [row, { why }] of rows()) expect([row, why]).toEqual([row, expect.stringMatching(REASON)]);
});

test('each test of a difference is named by a row of the table', () => {
  const named = new Set([...rows().values()].flatMap((row) => row.named));
  const tests = titlesIn('differences');
  expect(tests.length).toBeGreaterThan(20);
  expect(tests.filter((title) => !named.has(title))).toEqual([]);
});
