import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DeadLetter, DeadLetterWithContent, LetterResult } from '@order-pipeline/contracts';
import { startSystem, type System } from '@order-pipeline/launcher';
import { eventually } from '@order-pipeline/testing';
import { runOrders, type Ended } from './run-orders.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const TOKEN = 'a-token-of-the-tests';

let dataDir: string;
let system: System;

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-cli-'));
  const environment = { PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'fatal', OPERATOR_TOKEN: TOKEN };
  system = await startSystem({ environment, durability: 'off' });
}, 60_000);

afterAll(async () => {
  await system?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** Runs the command as a person does. */
const runProcess = (args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], OPERATOR_TOKEN: TOKEN, ...environment };
    const all = ['--import', 'tsx', MAIN, 'dead-letters', ...args, '--url', system.url];
    execFile(process.execPath, all, { env }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });

/** The same in this process, which is quicker. */
const run = (args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> =>
  runOrders(['dead-letters', ...args, '--url', system.url], { OPERATOR_TOKEN: TOKEN, ...environment });

const jsonOf = async <T>(...args: string[]): Promise<T> =>
  JSON.parse((await run([...args, '--json'])).out) as T;

const listed = (...args: string[]): Promise<DeadLetter[]> => jsonOf('list', ...args);

/** Has messages dead-lettered that nobody can parse; answers their orders. */
const poison = async (count: number, value = '{"orderId":'): Promise<string[]> => {
  const producer = system.infrastructure.broker.connect('poison').producer();
  await producer.connect();
  const orderIds = Array.from({ length: count }, () => `order-${randomUUID()}`);
  const messages = orderIds.map((key) => ({ key, value }));
  await producer.sendBatch({ topicMessages: [{ topic: 'ORDER_PROCESSING', messages }] });
  await producer.disconnect();
  for (const orderId of orderIds)
    await eventually(async () => expect(await listed('--order', orderId)).toHaveLength(1));
  return orderIds;
};

test('a person lists, shows, tries, redrives, and sees it come back', async () => {
  const [orderId = ''] = await poison(1);
  const list = await runProcess(['list', '--order', orderId]);
  expect(list).toMatchObject({ code: 0, err: '' });
  expect(list.out).toMatch(/id +status +topic +group +order +tries +redrives +failed at +reason/);
  expect(list.out).toContain('the value is not JSON');
  expect(list.out).toContain('1 dead letter');
  const [{ letterId } = { letterId: '' }] = await listed('--order', orderId);
  const dry = await run(['redrive', letterId, '--dry-run']);
  expect(dry).toMatchObject({
    code: 0,
    out: expect.stringContaining('1 dead letter would be redriven, 0 left out'),
  });
  const sent = await run(['redrive', letterId, '--by', 'ann', '--note', 'fixed']);
  expect(sent).toMatchObject({
    code: 0,
    out: expect.stringContaining('1 dead letter redriving, 0 left out'),
  });
  await eventually(async () => expect(await listed('--order', orderId)).toMatchObject([{ redrives: 1 }]));
  const shown = await run(['show', letterId]);
  expect(shown.code).toBe(0);
  for (const part of [
    'ORDER_PROCESSING, partition',
    'REDRIVE',
    'ann',
    'fixed',
    'came back as',
    '{"orderId":',
  ])
    expect(shown.out).toContain(part);
  const again = await run(['redrive', letterId]);
  expect(again).toMatchObject({ code: 1, out: '', err: expect.stringContaining('is already resolved') });
}, 60_000);

test('a wrong token is refused in a sentence, with 1, and --token goes before the environment', async () => {
  const refused = expect.stringMatching(/^This is for operators: .*\n$/);
  expect(await runProcess(['list'], { OPERATOR_TOKEN: 'another-token-at-all' })).toMatchObject({
    code: 1,
    err: refused,
  });
  expect(await run(['list'], { OPERATOR_TOKEN: '', OPERATOR_TOKEN_FILE: '/nowhere' })).toMatchObject({
    code: 2,
    err: 'OPERATOR_TOKEN_FILE names a file that is not there\n',
  });
  expect(await run(['list', '--token', 'another-token-at-all'])).toMatchObject({ code: 1, err: refused });
  expect(await run(['list'], { ORDERS_TOKEN: 'another-token-at-all' })).toMatchObject({
    code: 1,
    err: refused,
  });
  expect(await run(['list', '--token', TOKEN], { OPERATOR_TOKEN: 'another-token-at-all' })).toMatchObject({
    code: 0,
  });
}, 60_000);

test('many are redriven at once, and those beyond the limit are listed as left out', async () => {
  const orderIds = await poison(3);
  const headers = { 'dlq.redrives': '3', 'dlq.group': 'shipping', 'dlq.reason': 'always failing' };
  const producer = system.infrastructure.broker.connect('poison').producer();
  await producer.connect();
  const messages = [{ key: `order-${randomUUID()}`, value: 'x', headers }];
  await producer.sendBatch({ topicMessages: [{ topic: 'ORDER_PROCESSING.DLQ', messages }] });
  await producer.disconnect();
  await eventually(async () => expect(await listed('--reason', 'always failing')).toHaveLength(1));
  const dry = await jsonOf<LetterResult>('redrive', '--all', '--dry-run');
  const real = await run(['redrive', '--all']);
  for (const { letterId } of dry.letters) expect(real.out).toContain(letterId);
  expect(dry.letters.length).toBeGreaterThanOrEqual(orderIds.length);
  expect(real.code).toBe(1);
  expect(real.out).toMatch(/left out [0-9a-f]{24}: It was redriven 3 times/);
  for (const orderId of orderIds)
    await eventually(async () => expect(await listed('--order', orderId)).toMatchObject([{ redrives: 1 }]));
  expect(await run(['discard', '--group', 'shipping', '--note', 'a test'])).toMatchObject({ code: 0 });
  expect((await run(['list'])).out).toBe('There are no such dead letters.\n');
  expect((await listed('--status', 'DISCARDED')).length).toBeGreaterThan(orderIds.length);
}, 60_000);

test('what a message holds cannot write over what the terminal shows', async () => {
  const [orderId = ''] = await poison(1, '\u001b[2J{"a"\u0007');
  const [{ letterId } = { letterId: '' }] = await listed('--order', orderId);
  const { out } = await run(['show', letterId]);
  // eslint-disable-next-line no-control-regex
  expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  expect(out).toContain('·[2J{"a"·');
  expect((await jsonOf<DeadLetterWithContent>('show', letterId)).value).toEqual({
    text: '\u001b[2J{"a"\u0007',
  });
});

test('a long list is fetched page by page, up to the limit', async () => {
  await poison(4);
  const all = await listed('--status', 'ALL');
  expect(await listed('--status', 'ALL', '--limit', '2')).toEqual(all.slice(0, 2));
  expect((await run(['list', '--limit', '2'])).out).toContain('there are more: --limit');
});
