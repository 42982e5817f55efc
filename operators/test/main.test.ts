import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DeadLetter, DeadLetterWithContent, LetterResult } from '@order-pipeline/contracts';
import { startSystem, type System } from '@order-pipeline/launcher';
import { createRuntime } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import { runCommand } from '../src/commands.ts';
import { openOperatorClient } from '../src/client.ts';
import { parseOptions } from '../src/options.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const TOKEN = 'a-token-of-the-tests';

let dataDir: string;
let system: System;

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-operators-'));
  const environment = { PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'fatal', OPERATOR_TOKEN: TOKEN };
  system = await startSystem({ environment, durability: 'off' });
}, 60_000);

afterAll(async () => {
  await system?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as a person does. */
const run = (args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], OPERATOR_TOKEN: TOKEN, ...environment };
    const all = ['--import', 'tsx', MAIN, ...args, '--url', system.url];
    execFile(process.execPath, all, { env }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });

/** The same in this process, which is quicker. */
const ask = async (...args: string[]) => {
  const options = parseOptions(args, { url: system.url, token: TOKEN, by: 'ann' });
  if (options === 'help') throw new Error('help');
  const client = openOperatorClient(options.url, options.token, createRuntime());
  try {
    return await runCommand(client, options.command, () => undefined);
  } finally {
    await client.close();
  }
};

const listed = async (...args: string[]) => (await ask('list', ...args)).data as DeadLetter[];

/** Has messages put aside that nobody can understand; answers their orders. */
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
  const list = await run(['list', '--order', orderId]);
  expect(list).toMatchObject({ code: 0, err: '' });
  expect(list.out).toMatch(/id +status +topic +group +order +tries +redrives +failed at +reason/);
  expect(list.out).toContain('the value is not JSON');
  expect(list.out).toContain('1 dead letter');
  const [{ letterId } = { letterId: '' }] = JSON.parse(
    (await run(['list', '--order', orderId, '--json'])).out,
  ) as DeadLetter[];
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

test('wrong arguments, a wrong token and no gateway each end with a sentence and their code', async () => {
  expect(await run(['lost'])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^There is no command "lost".*\n$/),
  });
  const unknown = await run(['list'], { OPERATOR_TOKEN: 'another-token-at-all' });
  expect(unknown).toMatchObject({ code: 1, err: expect.stringMatching(/^This is for operators: .*\n$/) });
  expect(await run(['list'], { OPERATOR_TOKEN: '', OPERATOR_TOKEN_FILE: '/nowhere' })).toMatchObject({
    code: 1,
    err: 'OPERATOR_TOKEN_FILE names a file that is not there\n',
  });
  const nowhere = await ask('list', '--url', 'http://127.0.0.1:1').catch((error: Error) => error.message);
  expect(nowhere).toBe('No gateway answers at http://127.0.0.1:1');
  expect(await run(['--help'])).toMatchObject({
    code: 0,
    out: expect.stringContaining('Usage: npx -y pnpm dead-letters'),
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
  const dry = await ask('redrive', '--all', '--dry-run');
  const real = await ask('redrive', '--all');
  const ids = ({ data }: Awaited<ReturnType<typeof ask>>) =>
    (data as LetterResult).letters.map(({ letterId }) => letterId);
  expect(ids(real)).toEqual(ids(dry));
  expect(ids(real).length).toBeGreaterThanOrEqual(orderIds.length);
  expect(real.complete).toBe(false);
  expect(real.text).toMatch(/left out [0-9a-f]{24}: It was redriven 3 times/);
  for (const orderId of orderIds)
    await eventually(async () => expect(await listed('--order', orderId)).toMatchObject([{ redrives: 1 }]));
  const discarded = await ask('discard', '--group', 'shipping', '--note', 'a test');
  expect(discarded).toMatchObject({ complete: true });
  expect((await ask('list')).text).toBe('There are no such dead letters.');
  expect((await listed('--status', 'DISCARDED')).length).toBeGreaterThan(orderIds.length);
}, 60_000);

test('what a message holds cannot write over what the terminal shows', async () => {
  const [orderId = ''] = await poison(1, '\u001b[2J{"a"\u0007');
  const [{ letterId } = { letterId: '' }] = await listed('--order', orderId);
  const { text, data } = await ask('show', letterId);
  // eslint-disable-next-line no-control-regex
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  expect(text).toContain('·[2J{"a"·');
  expect((data as DeadLetterWithContent).value).toEqual({ text: '\u001b[2J{"a"\u0007' });
});

test('a long list is fetched page by page, up to the limit', async () => {
  await poison(4);
  const all = await listed('--status', 'ALL');
  expect(await listed('--status', 'ALL', '--limit', '2')).toEqual(all.slice(0, 2));
  expect((await ask('list', '--limit', '2')).text).toContain('there are more: --limit');
});
