import { auditSystem, violationLines } from '@order-pipeline/audit';
import { createRuntime } from '@order-pipeline/service-kit';
import type { BenchContext } from '../context/context.ts';
import { waitUntil } from '../context/waiting.ts';
import { correctnessOf } from '../correctness/audit.ts';
import type { Correctness } from '../correctness/correctness.ts';
import { withDatabase } from '../system/databases.ts';
import type { System } from '../system/system.ts';

const DRAIN_LIMIT_MS = 60_000;

/** Waits until every stored event is published, so that what is measured next has the machine for itself. */
export const outboxDrained = ({ databases }: System): Promise<void> =>
  withDatabase(databases.orders, async ({ rows }) => {
    await waitUntil(
      async () => {
        const [row] = await rows<{ empty: boolean }>('SELECT NOT EXISTS (SELECT FROM outbox) AS empty');
        return row?.empty || undefined;
      },
      { timeoutMs: DRAIN_LIMIT_MS, what: 'the outbox is empty' },
    );
  });

/** Audits a system at the end of a stage; the violations are printed, and counted by what they mean. */
export const auditStage = async (
  { say }: Pick<BenchContext, 'say'>,
  { databases }: System,
): Promise<Correctness> => {
  const report = await auditSystem({
    databases,
    kafkaMissing: 'the broker is in the memory of another process',
    runtime: createRuntime(),
  });
  for (const line of violationLines(report)) say(`The audit found: ${line}`);
  return correctnessOf(report);
};
