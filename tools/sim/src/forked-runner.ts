import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cutOff, type Runner, type RunnerOptions, type SeedRun } from './runner.ts';

const CHILD = fileURLToPath(new URL('forked-runner-child.ts', import.meta.url));
const STOP_LIMIT_MS = 15_000;

/**
 * A runner in a process of its own, so that several use several cores. A process that ends before its seed does is a
 * seed that did not come to its end.
 *
 * @param program what the process runs
 */
export const forkRunner = async (
  { instances }: Pick<RunnerOptions, 'instances'> = {},
  program = CHILD,
): Promise<Runner> => {
  const child = fork(program, instances === undefined ? [] : [String(instances)], { stdio: 'inherit' });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    run: async (seed) => {
      const answered = once(child, 'message') as Promise<[SeedRun]>;
      if (child.connected) child.send(seed);
      const died = exited.then(([code, signal]) => cutOff(seed, `its process ended with ${code ?? signal}`));
      return Promise.race([answered.then(([run]) => run), died]);
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      const isSlow = await Promise.race([
        exited.then(() => false),
        sleep(STOP_LIMIT_MS, true, { ref: false }),
      ]);
      if (isSlow) child.kill('SIGKILL');
    },
  };
};
