import type { Runtime } from './runtime.ts';
import { withTimeout } from './runtime.ts';

/** Whether a part works: nothing when it does, a reason when it does not. Rejecting is a reason too. */
export type HealthCheck = () => Promise<string | undefined>;

/**
 * What a check is about. `own`: without it this instance can do nothing. `dependency`: Kafka, or another service. It is
 * waited for at the start, for a minute at most; later its failure takes no instance out of rotation, because no other
 * instance would do better, and what does not need it continues.
 */
export type CheckScope = 'own' | 'dependency';

export interface Readiness {
  readonly status: 'ready' | 'not ready';
  /** Each check with 'ok' or why it is not. */
  readonly checks: Readonly<Record<string, string>>;
}

/** The checks of everything that runs in this process. */
export interface Health {
  /** Adds a check, of what is its own if nothing else is said; answers how to take it out again. */
  add(name: string, check: HealthCheck, scope?: CheckScope): () => void;
  readiness(): Promise<Readiness>;
  /** From now on it is not ready, whatever its checks say: the process is about to end. */
  leave(): void;
  isLeaving(): boolean;
}

const CHECK_LIMIT_MS = 1_000;
/** How long an answer is given again. */
const ANSWER_LIFE_MS = 250;
/** One that starts while a dependency is away serves what it can after this time. */
const START_LIMIT_MS = 60_000;

interface Check {
  readonly check: HealthCheck;
  readonly scope: CheckScope;
  wasOk: boolean;
}

/**
 * @param options.servesRequests whether somebody sends requests to this process; a worker that nobody asks is not ready
 *   either while a dependency is away. Default: yes
 */
export const createHealth = (
  runtime: Pick<Runtime, 'after' | 'monotonic'>,
  { servesRequests = () => true }: { readonly servesRequests?: () => boolean } = {},
): Health => {
  const checks = new Map<string, Check>();
  const createdAt = runtime.monotonic();
  let leaving = false;

  const ask = async (entry: Check): Promise<string> => {
    try {
      const limited = withTimeout(runtime, CHECK_LIMIT_MS, entry.check(), () => new Error('no answer'));
      const answer = (await limited) ?? 'ok';
      entry.wasOk ||= answer === 'ok';
      return answer;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  const isOver = (): boolean => runtime.monotonic() - createdAt >= START_LIMIT_MS;
  const allows = ({ scope, wasOk }: Check, answer: string): boolean =>
    answer === 'ok' || (scope === 'dependency' && (wasOk || isOver()) && servesRequests());

  return {
    add: (name, check, scope = 'own') => {
      checks.set(name, { check, scope, wasOk: false });
      return () => checks.delete(name);
    },
    readiness: async () => {
      const answers = await Promise.all(
        [...checks].map(async ([name, entry]) => ({ name, entry, answer: await ask(entry) })),
      );
      const ready = !leaving && answers.every(({ entry, answer }) => allows(entry, answer));
      return {
        status: ready ? 'ready' : 'not ready',
        checks: {
          ...Object.fromEntries(answers.map(({ name, answer }) => [name, answer])),
          ...(leaving ? { process: 'is stopping' } : {}),
        },
      };
    },
    leave: () => {
      leaving = true;
    },
    isLeaving: () => leaving,
  };
};

/**
 * Readiness for all that ask: checks that run already are shared, and an answer of the last 250 ms is given again, so that
 * the checks cost what they cost then, however often they are asked for. That a process is stopping is answered at once.
 */
export const shareReadiness = (
  health: Pick<Health, 'readiness' | 'isLeaving'>,
  runtime: Pick<Runtime, 'monotonic'>,
): Health['readiness'] => {
  let latest: { readonly readiness: Promise<Readiness>; answeredAt: number } | undefined;
  const askAnew = (): Promise<Readiness> => {
    const asked = { readiness: health.readiness(), answeredAt: Infinity };
    latest = asked;
    void asked.readiness.then(() => {
      asked.answeredAt = runtime.monotonic();
    });
    return asked.readiness;
  };
  return () => {
    const isFresh = latest && !health.isLeaving() && runtime.monotonic() - latest.answeredAt < ANSWER_LIFE_MS;
    return latest && isFresh ? latest.readiness : askAnew();
  };
};
