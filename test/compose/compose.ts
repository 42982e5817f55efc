import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import getPort from 'get-port';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILES = ['docker-compose.yml', 'test/compose/small-disk.yml'];
const COMMAND_TIMEOUT_MS = 600_000;
const run = promisify(execFile);

/** A container as `docker compose ps` lists it. */
export interface Container {
  readonly ID: string;
  readonly Service: string;
  readonly State: string;
  readonly ExitCode: number;
  readonly Publishers: readonly { readonly URL: string; readonly PublishedPort: number }[] | null;
}

/** docker-compose.yml of the project, under a name of its own, with a small disk for PostgreSQL beside its own. */
export interface Compose {
  /** Where the gateway is. */
  readonly url: string;
  /** Runs `docker compose` with these arguments and answers what it prints. */
  run(...arguments_: string[]): Promise<string>;
  /** Runs `docker` with these arguments and answers what it prints. */
  docker(...arguments_: string[]): Promise<string>;
  /** Runs a command in a shell, for which `docker compose` is this project, as for a user in its folder. */
  shell(command: string): Promise<string>;
  /** Its containers, those that have ended too. */
  containers(): Promise<Container[]>;
}

/**
 * @param settings environment variables, as a user would set them for `docker compose`
 * @param more files of Compose beside those that every test has
 */
export const createCompose = async (
  settings: Readonly<Record<string, string>>,
  more: readonly string[] = [],
): Promise<Compose> => {
  const files = [...FILES, ...more].flatMap((file) => ['--file', file]);
  const port = await getPort({ host: '127.0.0.1' });
  const project = `order-pipeline-test-${randomBytes(3).toString('hex')}`;
  const names = { COMPOSE_FILE: [...FILES, ...more].join(':'), COMPOSE_PROJECT_NAME: project };
  const execute = async (arguments_: readonly string[], program = 'docker'): Promise<string> => {
    const { stdout } = await run(program, arguments_, {
      cwd: ROOT,
      env: { ...process.env, ...settings, ...names, PORT: String(port) },
      timeout: COMMAND_TIMEOUT_MS,
      maxBuffer: 64 * 1_048_576,
    });
    return stdout;
  };
  const compose: Compose['run'] = (...arguments_) =>
    execute(['compose', ...files, '-p', project, ...arguments_]);
  return {
    url: `http://127.0.0.1:${port}`,
    run: compose,
    docker: (...arguments_) => execute(arguments_),
    shell: (command) => execute(['-c', `set -o pipefail; ${command}`], 'bash'),
    containers: async () => {
      const lines = (await compose('ps', '--all', '--format', 'json')).split('\n').filter(Boolean);
      return lines.map((line) => JSON.parse(line) as Container);
    },
  };
};

/**
 * What came of everything that was done to the system: read by its own command, in a container. What has not come to its
 * end after `settledMs` milliseconds never will.
 *
 * @throws Error with the report when it found a violation
 */
export const auditCompose = async (compose: Compose, settledMs: number): Promise<void> => {
  const limits = ['--stuck-after-ms', String(settledMs), '--outbox-after-ms', String(settledMs)];
  try {
    await compose.run('run', '--rm', '-T', 'audit', ...limits);
  } catch (error) {
    // The report, which says more than that the command failed.
    throw new Error(`The audit failed:\n${(error as { stdout?: string }).stdout}`, { cause: error });
  }
};
