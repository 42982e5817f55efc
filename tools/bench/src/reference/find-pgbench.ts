import { access, constants, readdir } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { CliError } from '@order-pipeline/cli/kit';

/** Folders with a folder for each installed PostgreSQL: of Debian and its relatives, of the RPM packages, of Homebrew. */
const INSTALLATIONS: readonly (readonly [folder: string, names: RegExp])[] = [
  ['/usr/lib/postgresql', /^\d/],
  ['/usr', /^pgsql-\d/],
  ['/opt/homebrew/opt', /^(?:postgresql|libpq)/],
  ['/usr/local/opt', /^(?:postgresql|libpq)/],
];

const byVersion = new Intl.Collator('en', { numeric: true });

const foldersIn = async ([folder, names]: (typeof INSTALLATIONS)[number]): Promise<string[]> => {
  const found = await readdir(folder).catch(() => []);
  return found
    .filter((name) => names.test(name))
    .toSorted((a, b) => byVersion.compare(b, a))
    .map((name) => path.join(folder, name, 'bin'));
};

const isProgram = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

/**
 * Finds pgbench on the path, else where packages of PostgreSQL put it, the newest first.
 *
 * @throws CliError which says how to install it
 */
export const findPgbench = async (searchPath = process.env['PATH'] ?? ''): Promise<string> => {
  const installed = await Promise.all(INSTALLATIONS.map(foldersIn));
  const folders = [...searchPath.split(path.delimiter).filter(Boolean), ...installed.flat()];
  for (const folder of folders) {
    const program = path.join(folder, 'pgbench');
    if (await isProgram(program)) return program;
  }
  throw new CliError(
    'This benchmark measures beside pgbench, which is not installed: install it with `apt install postgresql-contrib` or `brew install libpq`.',
  );
};
