import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const SOURCES = fileURLToPath(new URL('projects', import.meta.url));
const TARBALL = 'memory-kafka.tgz';

/** Without what jest and npm set for their own children. */
const environment = (added: Readonly<Record<string, string>>): NodeJS.ProcessEnv => {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|JEST_|NODE_ENV$|NODE_OPTIONS$|INIT_CWD$)/i.test(name),
  );
  return { ...Object.fromEntries(inherited), ...added };
};

/** Runs a program; rejects with all that it printed if it does not exit with 0. */
const run = async (
  cwd: string,
  [program = '', ...args]: readonly string[],
  added: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const output = promisify(execFile)(program, args, { cwd, env: environment(added), maxBuffer: 2 ** 26 });
  const { stdout, stderr } = await output.catch((error: Error & { stdout?: string; stderr?: string }) => {
    throw new Error([error.message, error.stdout, error.stderr].join('\n'));
  });
  return stdout + stderr;
};

// From here, so that it is the pnpm that the workspace pins.
const pnpm = (...args: readonly string[]): Promise<string> => run(PACKAGE, ['npx', '-y', 'pnpm', ...args]);

/** The package as others have it: packed, and installed into projects of their own. */
export interface Projects {
  readonly tarball: string;
  /** Runs a program in one of the projects, with its node_modules/.bin in the path. */
  run(project: string, command: readonly string[], added?: Readonly<Record<string, string>>): Promise<string>;
  remove(): void;
}

/** As the lockfile has everything but the package, which is another one at each change. */
const lock = (folder: string, tarball: string): void => {
  const file = path.join(folder, 'pnpm-lock.yaml');
  const digest = createHash('sha512').update(readFileSync(tarball)).digest('base64');
  writeFileSync(file, readFileSync(file, 'utf8').replace('sha512-INTEGRITY', `sha512-${digest}`));
};

/** Packs and installs, by pnpm and, into `overridden`, by npm; what the store has of the locked dependencies is not asked for again. */
export const createProjects = async (names: readonly string[]): Promise<Projects> => {
  const root = mkdtempSync(path.join(tmpdir(), 'memory-kafka-'));
  const tarball = path.join(root, TARBALL);
  await pnpm('pack', '--out', tarball);
  cpSync(SOURCES, root, { recursive: true });
  for (const file of ['round-trip.cjs', 'round-trip.mjs', 'nest.cjs']) {
    for (const project of ['replaced', 'overridden']) {
      cpSync(path.join(root, 'plain', file), path.join(root, project, file));
    }
  }
  for (const kind of ['mts', 'cts']) {
    cpSync(path.join(root, 'plain/types/program.ts'), path.join(root, `plain/types/program.${kind}`));
  }
  const installed = async (name: string): Promise<void> => {
    const folder = path.join(root, name);
    cpSync(tarball, path.join(folder, TARBALL));
    lock(folder, tarball);
    await pnpm('--dir', folder, 'install', '--frozen-lockfile', '--prefer-offline');
  };
  const overridden = async (): Promise<void> => {
    const folder = path.join(root, 'overridden');
    cpSync(tarball, path.join(folder, TARBALL));
    await run(folder, ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']);
  };
  // Each waits for the registry and the disk more than it computes.
  await Promise.all([...names.map(installed), overridden()]);
  return {
    tarball,
    run: (project, command, added = {}) => {
      const folder = path.join(root, project);
      const bin = path.join(folder, 'node_modules/.bin');
      return run(folder, command, { PATH: `${bin}${path.delimiter}${process.env['PATH']}`, ...added });
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
};
