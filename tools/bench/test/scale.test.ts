import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { format, resolveConfig } from 'prettier';
import { messagesIn } from '../src/cost/counters.ts';
import { capacityTable, costIn, withCapacity } from '../src/scale/capacity.ts';

const DOCS = new URL('../../../docs/', import.meta.url);
const COST = { wal: 6_000, stored: 1_500, transactions: 0.2, messages: 4, services: 600, postgres: 300 };

test('the table of docs/scale.md is up to date', async () => {
  const file = new URL('scale.md', DOCS);
  const stored = await readFile(file, 'utf8');
  const figures = JSON.parse(await readFile(new URL('benchmarks/cost.json', DOCS), 'utf8'));
  const page = await format(withCapacity(stored, figures), {
    ...(await resolveConfig(file)),
    parser: 'markdown',
  });
  expect(stored).toBe(page);
});

test('a rate takes its orders times what one costs, and a core at least', () => {
  const rows = capacityTable(COST).split('\n');
  expect(rows[2]).toBe('| cores of the services, 60 % busy | 1 | 10 | 50 |');
  expect(rows[3]).toBe('| cores of PostgreSQL, 60 % busy | 1 | 5 | 25 |');
  expect(rows[4]).toBe('| WAL a second | 6 MB | 60 MB | 300 MB |');
  expect(rows[6]).toBe('| tables and indexes a day | 130 GB | 1.3 TB | 6.5 TB |');
  expect(rows[7]).toBe('| messages a second, written once | 4,000 | 40,000 | 200,000 |');
});

test('a figure that is missing is named', () => {
  expect(() => costIn({ at: '', figures: [] })).toThrow('docs/benchmarks/cost.json has no WAL an order');
});

test('messages are counted over all topics and services', () => {
  expect(
    messagesIn(
      'events_published_total{service="orders",topic="ORDER_PLACED"} 12\n' +
        'events_published_total{service="workflow",topic="ORDER_PROCESSING"} 8\nother_total{a="b"} 5\n',
    ),
  ).toBe(20);
});
