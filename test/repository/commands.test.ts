import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { filesIn, read, ROOT } from './files.ts';

// .ci/run takes them from there and runs them on a clone where nothing is installed.
test("README's first two commands start the system and test it", () => {
  const script = path.join(ROOT, 'scripts/readme-commands.mjs');
  const commands = execFileSync(process.execPath, [script, '2'], { encoding: 'utf8' }).trim().split('\n');
  expect(commands).toEqual(['npx -y pnpm start', 'npx -y pnpm test']);
});

test('no command in the repository waits for npx to be allowed to install pnpm', () => {
  const files = filesIn('.');
  expect(files).toContain('README.md');
  const asking = files.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => (/npx\s+(?!-y\b)\S*pnpm/.test(line) ? [`${file}:${index + 1}`] : [])),
  );
  expect(asking).toEqual([]);
});

test('npx and the image use the pnpm that package.json pins', () => {
  const { packageManager } = JSON.parse(read('package.json')) as { packageManager: string };
  expect(packageManager).toMatch(/^pnpm@\d+\.\d+\.\d+$/);
  expect(read('.npmrc')).toMatch(new RegExp(`^package=${packageManager.replaceAll('.', '\\.')}$`, 'm'));
  const installed = /^RUN npm install -g (.*)$/m.exec(read('Dockerfile'))?.[1];
  expect(installed).toBe(`"$(node -p "require('./package.json').packageManager")"`);
});

test('the image names its user by number: of a name Kubernetes cannot see that it is not root', () => {
  const users = [...read('Dockerfile').matchAll(/^USER (.+)$/gm)].map(([, user]) => user);
  expect(users.at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
});
