import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findPgbench } from '../src/reference/find-pgbench.ts';
import { parsePgbench, pgbenchArguments } from '../src/reference/pgbench.ts';

/** What pgbench 16 prints. */
const OUTPUT = `pgbench (16.4)
transaction type: place-order.sql
scaling factor: 1
query mode: prepared
number of clients: 8
number of threads: 2
maximum number of tries: 1
number of transactions per client: 1500
number of transactions actually processed: 12000/12000
number of failed transactions: 0 (0.000%)
latency average = 2.655 ms
initial connection time = 21.803 ms
tps = 3012.759430 (without initial connection time)
`;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-pgbench-'));
});

afterAll(() => rm(folder, { recursive: true }));

test('the rate is the one without the time to connect', () => {
  expect(parsePgbench(OUTPUT)).toBe(3012.75943);
});

test('an older pgbench does not tell of failures', () => {
  expect(parsePgbench(OUTPUT.replace(/^number of failed.*\n/m, ''))).toBe(3012.75943);
});

test.each([
  ['failed', OUTPUT.replace('failed transactions: 0', 'failed transactions: 3')],
  ['were not made', OUTPUT.replace('12000/12000', '11999/12000')],
])('a run in which transactions %s does not count', (_, output) => {
  expect(() => parsePgbench(output)).toThrow('Not every transaction of pgbench was made');
});

test('what tells of no rate is shown', () => {
  expect(() => parsePgbench('pgbench: error: no such database')).toThrow('no such database');
});

test('transactions are shared out among the clients', () => {
  const task = { script: 'place-order', transactions: 12_000, variables: { n: 0, run: 3 } } as const;
  expect(pgbenchArguments(task, '/place-order.sql')).toEqual(
    expect.arrayContaining(['--client=8', '--transactions=1500', '--define=n=0', '--define=run=3']),
  );
});

test('pgbench is found on the path, where it can be executed', async () => {
  const folders = ['a', 'b', 'c'].map((name) => path.join(folder, name));
  for (const one of folders) await mkdir(one);
  const [a = '', b = '', c = ''] = folders;
  await writeFile(path.join(b, 'pgbench'), '');
  await chmod(path.join(b, 'pgbench'), 0o644);
  await writeFile(path.join(c, 'pgbench'), '');
  await chmod(path.join(c, 'pgbench'), 0o755);
  expect(await findPgbench([a, b, c].join(path.delimiter))).toBe(path.join(c, 'pgbench'));
});
