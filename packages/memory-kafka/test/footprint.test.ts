import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const CHILD = fileURLToPath(new URL('footprint-child.ts', import.meta.url));
const MB = 1_000_000;
const TIMEOUT_MS = 120_000;

test(
  'a million messages of 200 bytes are held in less than 400 MB, the whole process included',
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', CHILD], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const { messages, rss }: Record<string, number> = JSON.parse(stdout);
    expect(messages).toBe(1_000_000);
    expect(rss).toBeGreaterThan(200 * MB);
    expect(rss).toBeLessThan(400 * MB);
  },
  TIMEOUT_MS,
);
