import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const BLOCK = /```js\n(.*?)```/gs;

const blocks = [...readFileSync(`${PACKAGE}README.md`, 'utf8').matchAll(BLOCK)].map(([, code = '']) => code);
/** Those that are whole programs. */
const programs = blocks.filter((code) => /^import .* from '@order-pipeline\/memory-kafka'/m.test(code));

describe('an example of the README', () => {
  test.each(programs.map((code, index) => [index + 1, code] as const))(
    'runs and ends: %i',
    async (_, code) => {
      const args = ['--import', 'tsx', '--input-type=module', '--eval', code];
      const env = { ...process.env, NODE_OPTIONS: '', KAFKAJS_NO_PARTITIONER_WARNING: '1' };
      const { stderr } = await promisify(execFile)(process.execPath, args, { cwd: PACKAGE, env });
      expect(stderr).toBe('');
    },
  );

  test('is there', () => expect(programs.length).toBeGreaterThan(4));
});
