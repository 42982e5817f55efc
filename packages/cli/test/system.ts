import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSystem } from '@order-pipeline/launcher';
import { inTurn } from '@order-pipeline/testing';
import { useFixture } from '@order-pipeline/testing/fixtures';

/** A whole system in this process. */
export interface CommandedSystem {
  readonly url: string;
  readonly dataDir: string;
}

/** Runs a system with these settings for the commands of a file's tests. */
export const useSystem = (settings: Record<string, string>): CommandedSystem =>
  useFixture(
    async () => {
      const dataDir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-cli-'));
      const environment = { PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'fatal', ...settings };
      const { url, stop } = await startSystem({ environment, durability: 'off' });
      return { url, stop, dataDir };
    },
    ({ stop, dataDir }) => inTurn(stop, () => rm(dataDir, { recursive: true, force: true })),
  );
