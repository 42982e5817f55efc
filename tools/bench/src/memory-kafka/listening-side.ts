import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { createKafkaSide, type Side } from './sides.ts';

const CLI = fileURLToPath(new URL('./cli.ts', import.meta.resolve('@order-pipeline/memory-kafka')));

/** kafkajs over TCP on a memory cluster that is a process of its own, as `npx memory-kafka` starts one; `stop` ends it. */
export const startListeningSide = async (): Promise<Side & { stop(): Promise<void> }> => {
  const child = spawn(process.execPath, ['--import', 'tsx', CLI, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const broker = /\S+:\d+$/.exec(line)?.[0];
  if (broker === undefined) throw new Error(`memory-kafka said: ${line}`);
  return {
    ...createKafkaSide([broker]),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
};
