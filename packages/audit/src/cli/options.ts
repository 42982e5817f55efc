import { readArguments, urlOf, wholeNumberOf } from '@order-pipeline/command-line';
import { DEFAULT_EXAMPLES, DEFAULT_LIMITS, type AuditLimits } from '../limits.ts';

/** What an audit was asked to do. */
export interface Options {
  /** The gateway of a system that is audited over its public API alone. */
  readonly url: string | undefined;
  readonly json: boolean;
  readonly exampleCount: number;
  readonly limits: AuditLimits;
}

export const HELP = `Checks that nothing was lost, sold twice or done twice. Only reads; safe at any time on a running system.

Usage: npx -y pnpm audit:orders [options]

  --url URL              audit a running system over its public API alone, such as http://127.0.0.1:3000;
                         without it the databases and Kafka are read, as the settings name them
                         (USERS_/INVENTORY_/ORDERS_DATABASE_URL, KAFKA_BROKERS, DATA_DIR)
  --json                 print the report as JSON
  --ids N                how many ids of each kind of violation are listed (default ${DEFAULT_EXAMPLES})
  --stuck-after-ms N     how long an order may stand in a status, stock may be held for nothing and a step may
                         be without its event (default ${DEFAULT_LIMITS.orderMs}; more than REPUBLISH_AFTER_MS)
  --outbox-after-ms N    how long an event may wait in the outbox (default ${DEFAULT_LIMITS.outboxMs})
  --help                 show this

Where the system is stopped, the PostgreSQL in DATA_DIR is started for the audit and ended with it; what waits is then as
old as it was when the system was last active.

It ends with exit code 0 when everything that was checked is right, with 1 when something is not, and with 2 when it
could not be checked, whatever prevented it: a wrong option, a session that ended, a signal, an error of its own.`;

const MAX_IDS = 10_000;
const MAX_MS = 2_147_483_647;

const OPTIONS = {
  url: { type: 'string' },
  json: { type: 'boolean', default: false },
  ids: { type: 'string', default: String(DEFAULT_EXAMPLES) },
  'stuck-after-ms': { type: 'string', default: String(DEFAULT_LIMITS.orderMs) },
  'outbox-after-ms': { type: 'string', default: String(DEFAULT_LIMITS.outboxMs) },
  help: { type: 'boolean', default: false },
} as const;

/**
 * @returns `help` when that is asked for
 * @throws UsageError with one sentence
 */
export const parseOptions = (args: readonly string[]): Options | 'help' => {
  const { values } = readArguments(args, { options: OPTIONS });
  if (values.help) return 'help';
  const stuckMs = wholeNumberOf('stuck-after-ms', values['stuck-after-ms'], 0, MAX_MS);
  return {
    url: values.url === undefined ? undefined : urlOf(values.url),
    json: values.json,
    exampleCount: wholeNumberOf('ids', values.ids, 1, MAX_IDS),
    limits: {
      ...DEFAULT_LIMITS,
      orderMs: stuckMs,
      stockMs: stuckMs,
      leaveMs: stuckMs,
      eventMs: stuckMs,
      outboxMs: wholeNumberOf('outbox-after-ms', values['outbox-after-ms'], 0, MAX_MS),
    },
  };
};
