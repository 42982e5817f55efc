import { Command } from '@commander-js/extra-typings';
import { GatewayError } from '@order-pipeline/gateway-client';
import { SettingsError } from '@order-pipeline/service-kit';
import { DEFAULT_EXAMPLES, DEFAULT_LIMITS, type AuditLimits } from '@order-pipeline/audit/limits.ts';
import type { AuditReport } from '@order-pipeline/audit';
import type { Cli } from '../../kit/cli.ts';
import { CliError } from '../../kit/cli-error.ts';
import { tokenOf } from '../../kit/gateway.ts';
import { report } from '../../kit/outcome.ts';
import { serverUrl, wholeNumber } from '../../kit/values.ts';
import { reportLines } from './print.ts';

const MAX_IDS = 10_000;
const MAX_MS = 2_147_483_647;

const DETAILS = `
Without --url the databases and Kafka are read, as the settings name them (USERS_/INVENTORY_/ORDERS_DATABASE_URL,
KAFKA_BROKERS, DATA_DIR). With ORDERS_DATABASE_READ_URL the orders are read from that replica, and what it cannot answer
in 30 s is not checked. Where the system is stopped, the PostgreSQL in DATA_DIR is started for the audit and ended with
it; what waits is then as old as it was when the system was last active.

Exit codes: 0 everything that was checked is right; 1 something is not; 2 it could not be checked, whatever prevented it: a
wrong option, a session that ended, a signal, an error of the audit's own.`;

interface AuditOptions {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly ids: number;
  readonly stuckAfterMs: number;
  readonly outboxAfterMs: number;
  readonly archive?: string | undefined;
}

const limitsOf = ({ stuckAfterMs, outboxAfterMs }: AuditOptions): AuditLimits => ({
  ...DEFAULT_LIMITS,
  orderMs: stuckAfterMs,
  stockMs: stuckAfterMs,
  leaveMs: stuckAfterMs,
  eventMs: stuckAfterMs,
  outboxMs: outboxAfterMs,
});

const audit = async (cli: Cli, options: AuditOptions): Promise<AuditReport> => {
  const { runtime, say } = cli;
  const common = {
    runtime,
    limits: limitsOf(options),
    exampleCount: options.ids,
    progress: (part: string) => say(`Checking ${part}`),
  };
  const { url, token } = options;
  // Loaded here: the other commands do without PostgreSQL and Kafka.
  const { auditGateway, auditSystem } = await import('@order-pipeline/audit');
  if (url !== undefined) return auditGateway({ url, token: tokenOf(cli, token), ...common });
  const { openTarget } = await import('./target.ts');
  return auditSystem({ ...(await openTarget(cli)), archiveDir: options.archive, ...common });
};

/** Whatever prevents an audit is printed in a sentence: it is no fault of the data. */
const unmade = (error: unknown): unknown => {
  if ([CliError, GatewayError, SettingsError].some((known) => error instanceof known)) return error;
  const sentence = error instanceof Error && error.message !== '' ? error.message : String(error);
  return new CliError(`The audit could not be made: ${sentence}`);
};

/** `audit`: checks what is stored and published. */
export const createAuditCommand = (cli: Cli) =>
  new Command('audit')
    .description('Check that nothing was lost, sold twice or processed twice; it only reads')
    .option('--url <url>', 'audit a running system over its public API alone', serverUrl)
    .option('--token <token>', 'with --url: the bearer token (default: ORDERS_TOKEN, or else OPERATOR_TOKEN)')
    .option('--archive <dir>', 'without --url: read the files of the archive, too')
    .option('--json', 'JSON instead of text', false)
    .option('--ids <n>', 'list so many ids of each violation', wholeNumber(1, MAX_IDS), DEFAULT_EXAMPLES)
    .option(
      '--stuck-after-ms <n>',
      'allow so long in one status, for a reservation without an order and for a step without its event; more than REPUBLISH_AFTER_MS',
      wholeNumber(0, MAX_MS),
      DEFAULT_LIMITS.orderMs,
    )
    .option(
      '--outbox-after-ms <n>',
      'allow so long for an event in the outbox',
      wholeNumber(0, MAX_MS),
      DEFAULT_LIMITS.outboxMs,
    )
    .addHelpText('after', DETAILS)
    .action(async ({ json, ...options }) => {
      const data = await audit(cli, options).catch((error: unknown) => {
        throw unmade(error);
      });
      await report(cli, json, { text: reportLines(data).join('\n'), data, isDone: data.clean });
    });
