import type { Runtime } from './runtime.ts';
import { within } from './runtime.ts';

/** Whether a part works: nothing when it does, a reason when it does not. Rejecting is a reason too. */
export type HealthCheck = () => Promise<string | undefined>;

export interface Readiness {
  readonly status: 'ready' | 'not ready';
  /** Each check with 'ok' or why it is not. */
  readonly checks: Readonly<Record<string, string>>;
}

/** The checks of everything that runs in this process. */
export interface Health {
  /** Adds a check; answers how to take it out again. */
  add(name: string, check: HealthCheck): () => void;
  readiness(): Promise<Readiness>;
}

const CHECK_LIMIT_MS = 1_000;

export const createHealth = (runtime: Runtime): Health => {
  const checks = new Map<string, HealthCheck>();
  const ask = async (check: HealthCheck): Promise<string> => {
    try {
      return (await within(runtime, CHECK_LIMIT_MS, check(), () => new Error('no answer'))) ?? 'ok';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  return {
    add: (name, check) => {
      checks.set(name, check);
      return () => checks.delete(name);
    },
    readiness: async () => {
      const answers = await Promise.all(
        [...checks].map(async ([name, check]) => [name, await ask(check)] as const),
      );
      const ready = answers.every(([, answer]) => answer === 'ok');
      return { status: ready ? 'ready' : 'not ready', checks: Object.fromEntries(answers) };
    },
  };
};
