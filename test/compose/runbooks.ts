import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import type { Stack } from './stack.ts';

const FOLDER = new URL('../../docs/runbooks/', import.meta.url);

/** The commands that runbooks name for a shell, each once. */
const readCommands = async (): Promise<string[]> => {
  const pages = (await readdir(FOLDER)).map((page) => readFile(new URL(page, FOLDER), 'utf8'));
  const commands = (await Promise.all(pages)).flatMap((text) =>
    [...text.matchAll(/`((?:docker|curl) [^`]+)`/g)].map(([, command = '']) => command),
  );
  return [...new Set(commands)];
};

/** As somebody would type it here: placeholders filled in, what changes something tried only. */
const typed = (command: string, gateway: string): string =>
  command
    .replaceAll('SERVICE', 'orders')
    .replaceAll('--group GROUP', '--group shipping')
    .replaceAll('http://127.0.0.1:3000', gateway)
    // It finds nothing while nothing is wrong.
    .replace(/ \| grep .*$/, '')
    .replace(/^docker compose (up|restart) /, 'docker compose --dry-run $1 ');

export const defineRunbookTests = (parts: () => Stack): void => {
  test(
    'every command that a runbook names for the shell runs as it stands there',
    async () => {
      const { compose } = parts();
      const commands = await readCommands();
      expect(commands.length).toBeGreaterThan(20);
      const failed: string[] = [];
      for (const command of commands)
        await compose.shell(typed(command, compose.url)).catch((error: unknown) => {
          failed.push(`${command}: ${(error as { stderr?: string }).stderr}`);
        });
      expect(failed).toEqual([]);
    },
    5 * MINUTE_MS,
  );
};
