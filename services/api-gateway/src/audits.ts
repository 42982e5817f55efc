import { auditApi, type Audit } from '@order-pipeline/contracts';
import {
  logFailure,
  ok,
  routesOf,
  timeOfDay,
  type Embedded,
  type Route,
  type ServiceContext,
} from '@order-pipeline/service-kit';

/** Longer than an embedded system needs; what takes longer is for the command line. */
const LIMIT_MS = 60_000;

const [CLEAN, VIOLATIONS, NOT_MADE] = [0, 1, 2] as const;

/** Audits on request. */
export interface Audits {
  readonly routes: readonly Route[];
  /** Ends the one that is being made. */
  stop(): void;
}

const tooLong = (): Error => new Error(`it takes longer than ${LIMIT_MS / 1_000} s here`);
const sentenceOf = (error: unknown): string =>
  `The audit could not be made: ${error instanceof Error && error.message !== '' ? error.message : String(error)}`;

/** Makes one audit at a time, and keeps the last one. */
export const startAudits = (
  { runtime, logger, closers }: Pick<ServiceContext<unknown>, 'runtime' | 'logger' | 'closers'>,
  { audit }: Pick<Embedded, 'audit'>,
): Audits => {
  let last: Audit = { state: 'NONE' };
  let ending: AbortController | undefined;

  const outcome = async (signal: AbortSignal): Promise<Audit> => {
    const onPart = (part: string): void => {
      last = { ...last, part };
    };
    try {
      const { checks, sentence, clean } = await audit(onPart, signal);
      return clean
        ? { state: 'CLEAN', exitCode: CLEAN, sentence, checks }
        : { state: 'VIOLATIONS', exitCode: VIOLATIONS, sentence, checks };
    } catch (error) {
      logFailure(logger, error, {}, 'audit could not be made');
      return { state: 'NOT_MADE', exitCode: NOT_MADE, sentence: sentenceOf(error) };
    }
  };
  const make = async (): Promise<void> => {
    const [startedAt, since] = [timeOfDay(runtime), runtime.monotonic()];
    const current = new AbortController();
    ending = current;
    const cancel = runtime.after(LIMIT_MS, () => current.abort(tooLong()));
    last = { state: 'RUNNING', startedAt };
    const made = await outcome(current.signal);
    cancel();
    last = { ...made, startedAt, tookMs: Math.round(runtime.monotonic() - since) };
    ending = undefined;
  };
  const stop = (): void => ending?.abort(new Error('the system stops'));
  closers.add('audit', async () => stop());

  const routes = routesOf(auditApi, {
    getAudit: async () => ok(last),
    startAudit: async (_, { actor }) => {
      if (!ending) {
        logger.info({ by: actor.name }, 'audit requested');
        void make();
      }
      return ok(last);
    },
  });
  return { routes, stop };
};
