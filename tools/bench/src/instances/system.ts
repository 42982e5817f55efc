import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchContext } from '../context/context.ts';
import { startServer } from '../system/child.ts';
import { embeddedSettings, embeddedSystem, type EmbeddedSystem } from '../system/embedded.ts';

const BENCH = fileURLToPath(new URL('../..', import.meta.url));

/** A system with so many instances of each service, all in one process. */
export interface ManySystem extends EmbeddedSystem {
  readonly instances: number;
  /** The gateways of all instances; `url` is the first. */
  readonly gateways: readonly string[];
}

/** Starts so many instances of every service on one PostgreSQL and one broker in memory, and waits until all are ready. */
export const startInstances = async (
  { life }: Pick<BenchContext, 'life'>,
  instances: number,
  workflowIntervalMs: number,
): Promise<ManySystem> => {
  const name = `the system of ${instances} instances`;
  const dataDir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-instances-'));
  const removed = life.opened(`the files of ${name}`, () => rm(dataDir, { recursive: true, maxRetries: 5 }));
  const server = await startServer(
    { life },
    {
      name,
      args: ['--import', 'tsx', 'src/instances/child.ts'],
      cwd: BENCH,
      environment: {
        ...embeddedSettings(workflowIntervalMs),
        INSTANCES: String(instances),
        DATA_DIR: dataDir,
      },
      folder: dataDir,
    },
    /^API (http:\S+)$/m,
  );
  const gateways = JSON.parse(await readFile(path.join(dataDir, 'gateways.json'), 'utf8')) as string[];
  return { ...(await embeddedSystem(server, dataDir, removed)), instances, gateways };
};
