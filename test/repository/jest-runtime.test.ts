import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { times } from '@order-pipeline/testing';

const ROOT = new URL('../../', import.meta.url);
const JEST = createRequire(new URL('package.json', ROOT)).resolve('jest/bin/jest');
const CONFIGURATION = {
  injectGlobals: false,
  testEnvironment: 'node',
  testMatch: ['**/*.test.cjs'],
  runtime: fileURLToPath(new URL('scripts/test/runtime.cjs', ROOT)),
};
/** One more than those that compile what the others then take from the cache. */
const REALMS = 4;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-runtime-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs the same test in so many files, one after the other in one process, beside other modules. */
const runInRealms = async (code: string, modules: Readonly<Record<string, string>> = {}): Promise<number> => {
  const files: Record<string, string> = { ...modules, 'jest.config.json': JSON.stringify(CONFIGURATION) };
  for (const realm of times(REALMS, (index) => index))
    files[`${realm}.test.cjs`] =
      `const { expect, test } = require('@jest/globals');\ntest('it', async () => {\n${code}\n});`;
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  const options = ['--experimental-vm-modules', JEST, '--rootDir', folder, '--runInBand', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, options, {
    cwd: folder,
    env: { PATH: process.env['PATH'] },
  });
  return (JSON.parse(stdout) as { readonly numPassedTests: number }).numPassedTests;
};

test('what is compiled from the cache is of its own realm, says where it fails, and imports dynamically', async () => {
  const passed = await runInRealms(
    `const script = require('./script.cjs');
     const { count } = await import('./module.mjs');
     expect([script.count(), script.count(), count(), count()]).toEqual([1, 2, 1, 2]);
     expect(script.fail().stack).toMatch(/script\\.cjs:1:22/);
     const importers = [require('./importer.cjs'), await import('./importer.mjs')];
     for (const { load } of importers) expect(await load()).toMatchObject({ leaf: 'leaf' });`,
    {
      'leaf.mjs': "export const leaf = 'leaf';",
      'script.cjs': `exports.fail = () => new Error('here');
        let calls = 0;
        exports.count = () => (calls += 1);`,
      'module.mjs': `import { leaf } from './leaf.mjs';
        let calls = 0;
        export const count = () => (leaf === 'leaf' ? (calls += 1) : 0);`,
      'importer.cjs': "exports.load = () => import('./leaf.mjs');",
      'importer.mjs': "export const load = () => import('./leaf.mjs');",
    },
  );
  expect(passed).toBe(REALMS);
}, 60_000);

test('what a file stores for its asynchronous calls is not kept through those of later files', async () => {
  // From Node.js 24 on a storage costs only those who use it.
  const passed = await runInRealms(
    `const hooks = require('node:async_hooks');
     const storage = new hooks.AsyncLocalStorage();
     const later = (hooks.later ??= []);
     if (!process.version.startsWith('v20.') && !process.version.startsWith('v22.')) return;
     for (const ask of later) expect(ask()).toBeUndefined();
     storage.run('mine', () => later.push(hooks.AsyncResource.bind(() => storage.getStore())));
     expect(later.at(-1)()).toBe('mine');`,
  );
  expect(passed).toBe(REALMS);
}, 60_000);
