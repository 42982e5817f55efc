import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';

const CHILD = fileURLToPath(new URL('process-end-child.ts', import.meta.url));
/** Much less than the sessions, waits and transactions that could hold a process. */
const AT_ONCE_MS = 4000;

const children: ReturnType<typeof spawn>[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** How the program ended that ends its clients in `way`, and how long after it had nothing to do. */
const endOf = async (way: string) => {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, way], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  children.push(child);
  const ended = once(child, 'exit');
  const [said] = await once(createInterface({ input: child.stdout }), 'line');
  const since = Date.now();
  const [code] = await ended;
  return { said, code, tookMs: Date.now() - since };
};

test.each([
  'a consumer that disconnects',
  'a consumer that stops',
  'a consumer that is told to disconnect while it joins',
  'a consumer that crashed for good',
  'a consumer that crashed while it joined',
  'a consumer that waits for its restart when it is told to disconnect',
  'a producer that disconnects within a transaction',
  'an admin client that was never disconnected',
])('a process ends by itself after %s', async (way) => {
  const { said, code, tookMs } = await endOf(way);
  expect({ said, code }).toEqual({ said: 'idle', code: 0 });
  expect(tookMs).toBeLessThan(AT_ONCE_MS);
});

test('a process does not end by itself with a consumer that runs', async () => {
  expect(await endOf('a consumer that runs')).toMatchObject({ said: 'waiting', code: 0 });
});
