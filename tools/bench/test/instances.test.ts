import { expect, test } from '@jest/globals';
import { FLAWLESS } from '../src/correctness/correctness.ts';
import { figuresOf, type Measured } from '../src/instances/figures.ts';
import type { Cost } from '../src/instances/turns.ts';
import { rowOf } from '../src/report/report.ts';

const COST: Cost = {
  wal: 6_000,
  transactions: 0.5,
  messages: 4,
  services: 0.6,
  postgres: 0.3,
  rate: 1_000,
  connections: 9,
};
const IDLE = { wal: 0, transactions: 10, services: 30, postgres: 15 };

const measured = (eight: Partial<Cost>, idle: Partial<typeof IDLE> = {}): Measured => {
  const sides = [COST, COST, { ...COST, ...eight }];
  return {
    instances: [1, 2, 8],
    rounds: [{ paced: sides, full: sides }],
    idle: [IDLE, IDLE, { ...IDLE, ...idle }],
    correctness: FLAWLESS,
  };
};

const missed = (all: Measured): string[] =>
  figuresOf(all)
    .map(rowOf)
    .filter(({ met }) => !met)
    .map(({ name }) => name);

test('two and eight instances are held against one', () => {
  const rows = figuresOf(measured({ services: 1.2 })).map(rowOf);
  expect(rows.find(({ name }) => name === 'WAL an order, at an even pace, 2 instances')).toMatchObject({
    result: 6_000,
    baseline: { name: 'one', value: 6_000 },
    ratio: 1,
  });
  const processor = 'processor time an order, services, at full speed, 8 instances';
  expect(rows.find(({ name }) => name === processor)).toMatchObject({ result: 1_200, ratio: 2 });
});

test('what is counted has a bound, processor time has none', () => {
  expect(missed(measured({ services: 60, postgres: 30, rate: 1, connections: 900 }))).toEqual([]);
  expect(missed(measured({ transactions: 2.5 }))).toEqual([
    'transactions an order, at full speed, 8 instances',
  ]);
  expect(missed(measured({ messages: 5, wal: 7_500 }))).toEqual([
    'WAL an order, at an even pace, 8 instances',
    'messages an order, at an even pace, 8 instances',
    'WAL an order, at full speed, 8 instances',
    'messages an order, at full speed, 8 instances',
  ]);
  expect(missed(measured({}, { transactions: 80 }))).toEqual(['transactions a second, idle, 8 instances']);
});

test('where the operating system tells no processor time, it is left out', () => {
  const none = { services: Number.NaN, postgres: Number.NaN };
  const { rounds, ...rest } = measured({});
  const blind = rounds.map(({ paced, full }) => ({
    paced: paced.map((cost) => ({ ...cost, ...none })),
    full: full.map((cost) => ({ ...cost, ...none })),
  }));
  const idle = rest.idle.map((one) => ({ ...one, ...none }));
  const names = figuresOf({ ...rest, rounds: blind, idle }).map(({ name }) => name);
  expect(names.filter((name) => name.startsWith('processor time'))).toEqual([]);
  expect(names).toContain('messages an order, at an even pace, 8 instances');
});
