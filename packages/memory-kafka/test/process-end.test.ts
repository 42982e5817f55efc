import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createCluster, type Listener } from '../src/index.ts';

const CHILD = fileURLToPath(new URL('process-end-child.ts', import.meta.url));
/** Much less than the sessions, waits and transactions that could hold a process. */
const AT_ONCE_MS = 4000;

const children: ReturnType<typeof spawn>[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Starts the program that ends its clients in `way`; with the address of a broker, one of kafkajs. */
const start = async (way: string, broker?: string) => {
  const args = broker === undefined ? [way] : [way, broker];
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  children.push(child);
  const ended = once(child, 'exit');
  const [said] = await once(createInterface({ input: child.stdout }), 'line');
  return { said, ended };
};

/** How the program ended, and how long after it had nothing to do. */
const endOf = async (way: string, broker?: string) => {
  const { said, ended } = await start(way, broker);
  const since = Date.now();
  const [code] = await ended;
  return { said, code, tookMs: Date.now() - since };
};

test.each([
  'a consumer that disconnects',
  'a consumer that is disconnected while it joins',
  'a consumer that crashed for good',
  'a consumer that crashed while it joined',
  'a consumer that waits for its restart when it is disconnected',
  'a producer that disconnects within a transaction',
])('a process ends by itself after %s', async (way) => {
  const { said, code, tookMs } = await endOf(way);
  expect({ said, code }).toEqual({ said: 'idle', code: 0 });
  expect(tookMs).toBeLessThan(AT_ONCE_MS);
});

const STAYING = [
  'a consumer that runs',
  'a consumer that stops',
  'a producer that was never disconnected',
  'an admin client that was never disconnected',
];

test.each(STAYING)('a process does not end by itself with %s', async (way) => {
  expect((await start(way)).said).toBe('waiting');
});

describe('with kafkajs', () => {
  let listener: Listener;

  beforeAll(async () => {
    listener = await createCluster().listen();
  });

  afterAll(() => listener.close());

  test.each(STAYING)('a process does not end by itself either with %s', async (way) => {
    expect((await start(way, listener.brokers[0])).said).toBe('waiting');
  });

  test('a process ends by itself, too, after a consumer that disconnects', async () => {
    expect(await endOf('a consumer that disconnects', listener.brokers[0])).toMatchObject({ code: 0 });
  });
});
