import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { createFiles, FOLDER } from '../src/files.ts';

/** Written by hand. */
const BY_HAND = ['prometheus/rules.test.yml'];

test('deploy/observability holds what the program writes, and nothing else', async () => {
  const files = await createFiles();
  const stored = await readdir(FOLDER, { recursive: true, withFileTypes: true });
  const names = stored
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath}/${name}`.split('/deploy/observability/')[1]);
  expect(new Set(names)).toEqual(new Set([...files.keys(), ...BY_HAND]));
  for (const [name, content] of files)
    expect([name, await readFile(new URL(name, FOLDER), 'utf8')]).toEqual([name, content]);
});

test('what is written is the same every time', async () => {
  expect([...(await createFiles())]).toEqual([...(await createFiles())]);
});
