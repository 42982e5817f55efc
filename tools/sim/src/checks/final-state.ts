import { auditSystem, violationLines, type AuditReport } from '@order-pipeline/audit';
import type { MemoryCluster } from '@order-pipeline/memory-kafka';
import { createRuntime } from '@order-pipeline/service-kit';
import type { Findings } from '../findings.ts';
import type { RealServer } from '../world/database/real-database.ts';
import { ARCHIVE_DIR } from '../world/archive.ts';
import type { Disk } from '../world/disk.ts';
import { CLOCK_STEPS } from '../world/fault-names.ts';
import { createDirectBroker, type Echo } from '../world/kafka.ts';
import { LIFE_SPEED } from '../world/time.ts';
import type { World } from '../world/world.ts';
import type { ArchiveChecker } from './archive.ts';
import { checkDeadLetterQueue } from './dead-letters.ts';
import { checkPositions } from './positions.ts';
import { checkObservations, type Endings, type Observed } from './observations.ts';

export interface FinalStateParts {
  readonly world: World;
  readonly server: RealServer;
  readonly cluster: MemoryCluster;
  readonly echo: Echo;
  readonly context: Observed;
  readonly findings: Findings;
  /** Whether Kafka has lost nothing that it had taken. */
  readonly isComplete: boolean;
  /** Where orders are archived meanwhile. */
  readonly archiving?: ({ readonly disk: Disk } & Pick<ArchiveChecker, 'checkAtRest'>) | undefined;
}

/** Nothing is in progress any more: what is not done by now never will be. */
const AT_REST = { orderMs: 0, stockMs: 0, outboxMs: 0, eventMs: 0 };

const CENTURY_MS = 100 * 366 * 24 * 3_600_000;

/** Where wall clocks were set far, nothing follows from how the times of two processes compare. */
const limitsOf = ({ tally }: World) =>
  CLOCK_STEPS.some((kind) => kind in tally.faults()) ? { ...AT_REST, clockMs: CENTURY_MS } : AT_REST;

const audit = async (parts: FinalStateParts): Promise<AuditReport> => {
  const { world, server, cluster, findings, isComplete, archiving } = parts;
  const { time } = world;
  const { users, inventory, orders } = server.databases;
  const report = await auditSystem({
    databases: { users: users.url, inventory: inventory.url, orders: orders.url },
    ...(isComplete
      ? { kafka: createDirectBroker(cluster).connect('audit') }
      : { kafkaMissing: 'it has lost messages on purpose' }),
    runtime: {
      ...createRuntime(),
      wallClock: () => Math.floor(time.now()),
      monotonic: () => time.now(),
      // Its limits are for PostgreSQL and Kafka in life, and the machine may be busy.
      after: (ms, fn) => time.after(ms * LIFE_SPEED, fn),
    },
    clock: () => Math.floor(time.now()),
    limits: limitsOf(world),
    ...(archiving ? { archiveDir: ARCHIVE_DIR, archiveDisk: archiving.disk.direct } : {}),
  });
  for (const line of violationLines(report)) findings.add('the audit is clean', [line.slice(0, 80)], line);
  return report;
};

/** Everything that has to hold once all is at rest, and nothing runs any more; answers how the orders ended. */
export const checkFinalState = async (parts: FinalStateParts): Promise<Endings> => {
  const { world, server, echo, context, findings, isComplete } = parts;
  const archived = (await parts.archiving?.checkAtRest()) ?? [];
  const endings = await checkObservations(server, context, archived, findings);
  await checkDeadLetterQueue(server, echo, isComplete, findings);
  if (isComplete) await world.time.runWhile(checkPositions(server, parts.cluster, world.time, findings));
  const report = await world.time.runWhile(audit(parts));
  const counted = report.checks.find(({ name }) => name === 'archive')?.checked;
  if (counted !== archived.length)
    findings.add(
      'the audit counts every archived order once',
      ['archive'],
      `${counted} of ${archived.length}`,
    );
  return endings;
};
