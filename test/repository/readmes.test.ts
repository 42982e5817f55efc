import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { filesIn, read, ROOT } from './files.ts';

test('every package says in its README what it is for', () => {
  const folders = filesIn('.')
    .filter((file) => path.basename(file) === 'package.json' && !/\/(?:projects|dist)\//.test(file))
    .map((file) => path.dirname(file));
  expect(folders.length).toBeGreaterThan(20);
  const silent = folders.filter((folder) => {
    const file = path.join(folder, 'README.md');
    return !existsSync(path.join(ROOT, file)) || !/^# \S.*\n\n\S.{40,}/.test(read(file));
  });
  expect(silent).toEqual([]);
});

test('links between the documents lead to files that there are', () => {
  const documents = filesIn('.').filter((file) => file.endsWith('.md'));
  expect(documents).toContain('README.md');
  const broken = documents.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:|#|mailto:|\/)([^)\s#]+)/g)]
      .map(([, target = '']) => path.join(path.dirname(file), target))
      .filter((target) => !existsSync(path.join(ROOT, target)))
      .map((target) => `${file}: ${target}`),
  );
  expect(broken).toEqual([]);
});
