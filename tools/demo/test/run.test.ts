import { inventoryApi } from '@order-pipeline/contracts';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSystem, type System } from '@order-pipeline/launcher';
import { createRuntime } from '@order-pipeline/service-kit';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DemoOptions } from '../src/options.ts';
import { runDemo } from '../src/run.ts';
import type { Screen } from '../src/screen.ts';

const runtime = createRuntime();
const options: DemoOptions = {
  url: undefined,
  token: undefined,
  run: undefined,
  orderCount: 40,
  concurrency: 16,
  cancelEvery: 10,
};

/** A screen that keeps what it prints; `onLine` is called with each line. */
const createTestScreen = (onLine: (line: string) => void = () => undefined) => {
  const lines: string[] = [];
  const screen: Screen = {
    say: (line) => {
      lines.push(line);
      onLine(line);
    },
    during: (work) => work,
  };
  return { screen, lines };
};

const run = async (changed: Partial<DemoOptions> = {}) => {
  const { screen, lines } = createTestScreen();
  const { signal } = new AbortController();
  const isFine = await runDemo({ ...options, ...changed }, { runtime, screen, signal });
  return { isFine, text: lines.join('\n') };
};

// Temporary data goes into a folder of this test's own, so that what is left in it can be seen.
const usualTmpdir = process.env['TMPDIR'];
let root = '';
let temporary = '';
let system: System;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'order-pipeline-demo-test-'));
  temporary = await mkdtemp(path.join(root, 'tmp-'));
  // PostgreSQL may have to run as another user.
  for (const folder of [root, temporary]) await chmod(folder, 0o755);
  system = await startSystem({
    environment: {
      PORT: '0',
      LOG_LEVEL: 'silent',
      DATA_DIR: path.join(root, 'data'),
      WORKFLOW_INTERVAL_MS: '300',
    },
    durability: 'off',
  });
  process.env['TMPDIR'] = temporary;
});

afterAll(async () => {
  if (usualTmpdir === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = usualTmpdir;
  await system.stop();
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
});

test('orders walk through a system of the demo’s own, everything is right, and nothing stays behind', async () => {
  const { isFine, text } = await run();
  expect(text).toMatch(/Placed {5}40 orders in \d/);
  expect(text).toContain('Cancelled  4 orders');
  expect(text).toContain('✔ Orders     all 40 are as in the file, 36 DELIVERED and 4 CANCELLED');
  expect(text).toContain('✔ Histories  all 40 were read');
  expect(text).not.toContain('✘');
  expect(isFine).toBe(true);
  expect(await readdir(temporary)).toEqual([]);
});

test('when the demo is stopped halfway, nothing stays behind', async () => {
  const stopped = new AbortController();
  const { screen, lines } = createTestScreen((line) => {
    if (line.startsWith('Placing')) stopped.abort(new Error('stopped'));
  });
  await expect(runDemo(options, { runtime, screen, signal: stopped.signal })).rejects.toThrow('stopped');
  expect(lines.at(-1)).toMatch(/^Placing/);
  expect(await readdir(temporary)).toEqual([]);
});

test('runs at one gateway do not meet', async () => {
  const [one, other] = await Promise.all([
    run({ url: system.url, run: 'one' }),
    run({ url: system.url, run: 'other', orderCount: 25 }),
  ]);
  expect([one.isFine, other.isFine]).toEqual([true, true]);
});

test('a run continues where it ended, and what was changed behind its back is found', async () => {
  const first = await run({ url: system.url, run: 'again', orderCount: 10 });
  expect(first.text).toContain('9 DELIVERED and 1 CANCELLED');
  const again = await run({ url: system.url, run: 'again', orderCount: 10 });
  expect(again.text).toContain('Placed     10 orders, 10 of them in an earlier run');
  expect(again.isFine).toBe(true);

  const itemId = await anItemOf('again-');
  await fetch(`${system.url}${inventoryApi.restockItem.path.replace(':itemId', itemId)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"quantity":1}',
  });
  const changed = await run({ url: system.url, run: 'again', orderCount: 10 });
  expect(changed.text).toContain(`${itemId}: `);
  expect(changed.text).toContain('✘ Units      2 problems');
  expect(changed.isFine).toBe(false);
});

const anItemOf = async (prefix: string): Promise<string> => {
  const response = await fetch(`${system.url}/api/inventory?limit=1000`);
  const items = (await response.json()) as { itemId: string }[];
  return items.find(({ itemId }) => itemId.startsWith(prefix))?.itemId ?? '';
};

test('where no gateway answers, one sentence says so', async () => {
  const { isFine, text } = await run({ url: 'http://127.0.0.1:9' });
  expect(text).toContain('No gateway answers at http://127.0.0.1:9');
  expect(isFine).toBe(false);
});
