import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { open, truncate } from 'node:fs/promises';
import path from 'node:path';
import { handOver } from './account.ts';
import type { Launch } from './programs.ts';

export type ServerLog = {
  readonly file: string;
  /** A descriptor to append with; the caller closes it. */
  openForAppend(): number;
  /** The last lines written since the log was opened. */
  lastLines(count?: number): string;
};

const MAX_BYTES = 10 * 1024 * 1024;

/** Opens `<dataDir>/postgres.log` for one start: emptied first when it has grown over 10 MB. */
export async function openServerLog(dataDir: string, launch: Launch): Promise<ServerLog> {
  const file = path.join(dataDir, 'postgres.log');
  await (await open(file, 'a', 0o600)).close();
  await handOver(file, launch);
  if (statSync(file).size > MAX_BYTES) await truncate(file);
  const start = statSync(file).size;
  return {
    file,
    openForAppend: () => openSync(file, 'a'),
    lastLines: (count = 5) =>
      readFileSync(file).subarray(start).toString().trim().split('\n').slice(-count).join('\n'),
  };
}

/** Opens the log, hands the descriptor to `use`, and closes it again in this process. */
export function withDescriptor<Result>(log: ServerLog, use: (descriptor: number) => Result): Result {
  const descriptor = log.openForAppend();
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
