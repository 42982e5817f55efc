// The package as others get it. What runs in their projects is in projects/: each recipe of the README, and what it has to do.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createProjects, type Projects } from './projects.ts';

const MINUTES = 60_000;

let projects: Projects;

beforeAll(async () => {
  projects = await createProjects(['plain', 'replaced']);
}, 5 * MINUTES);

afterAll(() => projects.remove());

const passes = (title: string, run: () => Promise<unknown>): void => it(title, run, 3 * MINUTES);

describe('the packed package', () => {
  passes('holds what its users need, and nothing of the workspace', async () => {
    const files = (await projects.run('plain', ['tar', '-tzf', projects.tarball])).trim().split('\n');
    expect(files).toEqual(
      expect.arrayContaining(['package/LICENSE', 'package/README.md', 'package/index.js']),
    );
    expect(files.filter((file) => /conformance|test|(?<!\.d)\.m?ts$/.test(file))).toEqual([]);
    const manifest = await projects.run('plain', ['tar', '-xOzf', projects.tarball, 'package/package.json']);
    expect(JSON.parse(manifest)).toMatchObject({
      name: '@order-pipeline/memory-kafka',
      license: 'MIT',
      engines: { node: '>=20.19' },
      dependencies: { 'original-kafka-js': 'npm:kafkajs@2.2.4' },
    });
    expect(manifest).not.toMatch(/workspace|"private"|peerDependencies|devDependencies/);
  });

  passes('has declarations that need no esModuleInterop', async () => {
    const declared = await projects.run('plain', ['tar', '-xOzf', projects.tarball, 'package/index.d.ts']);
    expect(declared).toContain('export { Kafka');
    expect(declared).not.toMatch(/^import \w+ from/m);
  });

  passes('satisfies publint', () => projects.run('plain', ['publint', projects.tarball, '--strict']));

  passes('satisfies attw, for node10, too', () => projects.run('plain', ['attw', projects.tarball]));

  passes('is one instance to code that imports it and code that requires it', () =>
    projects.run('plain', ['node', 'instances.mjs']),
  );
});

describe('a program that it is loaded into', () => {
  passes('gets sockets when somebody listens, and never TLS', () =>
    // To a file: a pipe is a socket to Node.js, which loads them for it.
    projects.run('plain', [
      'sh',
      '-c',
      'node loading.cjs > loading.log 2>&1 || { cat loading.log; exit 1; }',
    ]),
  );
});

describe('its command', () => {
  passes('is there for npx', async () => {
    expect(await projects.run('plain', ['memory-kafka', '--help'])).toContain('Usage: memory-kafka');
  });
});

describe('its types', () => {
  for (const way of ['nodenext-import', 'nodenext-require', 'bundler', 'commonjs']) {
    passes(`for TypeScript with ${way}`, () =>
      projects.run('plain', ['tsc', '-p', `types/tsconfig.${way}.json`]),
    );
  }

  passes('for TypeScript where it is in the place of kafkajs', () =>
    projects.run('replaced', ['../plain/node_modules/.bin/tsc', '-p', 'types']),
  );
});

describe('a recipe', () => {
  passes('for jest: moduleNameMapper, jest.mock and unstable_mockModule, with NestJS in node_modules', () =>
    projects.run('plain', ['jest'], { NODE_OPTIONS: '--experimental-vm-modules' }),
  );

  passes('for vitest: alias, vi.mock, and register for NestJS in node_modules', () =>
    projects.run('plain', ['vitest', 'run']),
  );

  passes('for node:test: --import', () => {
    const preload = ['--import', '@order-pipeline/memory-kafka/register'];
    return projects.run('plain', ['node', ...preload, '--test', 'node-test/']);
  });

  passes('for a project that has it in the place of kafkajs, with NestJS and OpenTelemetry', () =>
    projects.run('replaced', ['node', 'replaced.mjs']),
  );

  passes('for a project whose dependencies have it in the place of kafkajs, by the overrides of npm', () =>
    projects.run('overridden', ['node', 'overridden.cjs']),
  );
});
