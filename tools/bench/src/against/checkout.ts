import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CliError } from '@order-pipeline/cli/kit';
import type { BenchContext } from '../context/context.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const run = promisify(execFile);

const git = async (...args: readonly string[]): Promise<string> =>
  (await run('git', ['-C', ROOT, ...args])).stdout.trim();

/** What the repository was at a commit, installed in a folder of its own. */
export interface Checkout {
  /** The commit, shortened. */
  readonly name: string;
  readonly folder: string;
}

/**
 * Checks a commit out beside this checkout and installs it; both are gone when the benchmark ends.
 *
 * @param commit whatever git takes for one
 * @throws CliError when there is no such commit
 */
export const checkOut = async ({ life }: Pick<BenchContext, 'life'>, commit: string): Promise<Checkout> => {
  const name = await git('rev-parse', '--verify', '--short', '--end-of-options', `${commit}^{commit}`).catch(
    () => {
      throw new CliError(`There is no commit ${commit} here.`);
    },
  );
  const parent = await mkdtemp(path.join(tmpdir(), 'order-pipeline-against-'));
  const folder = path.join(parent, name);
  life.opened(`the checkout of ${name}`, async () => {
    await rm(parent, { recursive: true, maxRetries: 5 });
    await git('worktree', 'prune');
  });
  await git('worktree', 'add', '--detach', folder, name);
  await run('npx', ['-y', 'pnpm', 'install', '--frozen-lockfile', '--prefer-offline'], { cwd: folder });
  return { name, folder };
};
