import { correctnessOf } from '../correctness/audit.ts';
import type { Correctness } from '../correctness/correctness.ts';
import { violationLines, type AuditReport } from '@order-pipeline/audit';
import { CliError } from '@order-pipeline/cli/kit';
import { parsePgbench, pgbenchArguments, type Pgbench } from '../reference/pgbench.ts';
import { POSTGRES_PASSWORD, type Stack } from './stack.ts';

/** pgbench in the container of PostgreSQL, over TCP as the services come; on the database of this name. */
export const createContainerPgbench =
  ({ compose }: Pick<Stack, 'compose'>, database: string): Pgbench =>
  async (task) => {
    const place = ['--host=127.0.0.1', '--username=postgres', database];
    const options = pgbenchArguments(task, `/bench/${task.script}.sql`);
    const container = ['exec', '-T', '--env', `PGPASSWORD=${POSTGRES_PASSWORD}`, 'postgres'];
    return parsePgbench(await compose.run(...container, 'pgbench', ...options, ...place));
  };

/** The report that the command printed, also where it ended with 1 because it found something. */
const runAudit = async ({ compose }: Pick<Stack, 'compose'>): Promise<AuditReport> => {
  try {
    return JSON.parse(await compose.run('run', '--rm', '-T', 'audit', '--json')) as AuditReport;
  } catch (error) {
    const { code, stdout } = error as { readonly code?: number; readonly stdout?: string };
    if (code !== 1 || stdout === undefined)
      throw new CliError(`The stack could not be audited: ${String(error)}`);
    return JSON.parse(stdout) as AuditReport;
  }
};

/** Audits the stack with its own command, in a container, Kafka included. */
export const auditStack = async (
  stack: Pick<Stack, 'compose'>,
  say: (sentence: string) => void,
): Promise<Correctness> => {
  const report = await runAudit(stack);
  for (const line of violationLines(report)) say(`The audit found: ${line}`);
  return correctnessOf(report);
};
