import type { MemoryCluster } from '@order-pipeline/memory-kafka';
import type { ArchiveChecker } from './checks/archive.ts';
import { checkInvariants } from './checks/invariants.ts';
import { lagLine, lagsOf } from './checks/lag.ts';
import { unsettled as unrestIn } from './checks/quiescence.ts';
import type { Findings } from './findings.ts';
import type { SimArchive } from './world/archive.ts';
import type { Deployment } from './world/deployment.ts';
import type { ReadableServer } from './world/database/real-database.ts';
import type { Echo } from './world/kafka.ts';
import type { World } from './world/world.ts';

/** What of a simulation has to come to rest. */
export interface HealingParts {
  readonly world: Pick<World, 'time'>;
  readonly server: ReadableServer;
  readonly cluster: Pick<MemoryCluster, 'inspect'>;
  readonly echo: Pick<Echo, 'nudge'>;
  readonly deployment: Pick<Deployment, 'isUp' | 'isAwake'>;
  readonly findings: Findings;
  /** Whether Kafka loses nothing that it has taken. */
  readonly isComplete: boolean;
  readonly clients: Promise<void>;
  /** Where orders are archived meanwhile. */
  readonly archiving?:
    (Pick<SimArchive, 'isAtRest' | 'takesLook'> & Pick<ArchiveChecker, 'check'>) | undefined;
}

/** How long the system may take to heal once nothing goes wrong any more, in milliseconds of the simulation. */
const HEAL_LIMIT_MS = 120_000;
const LOOK_INTERVAL_MS = 1_000;
const LOOKS_A_NUDGE = 10;
/** Longer than what is done again and again, so that it is seen to change nothing. */
const AFTERMATH_MS = 6_000;

/** Answers what is not at rest, in words; nothing when all is. */
type Look = () => Promise<readonly string[]>;

export const runFor = async (
  { world, server, findings, archiving }: Pick<HealingParts, 'world' | 'server' | 'findings' | 'archiving'>,
  ms: number,
): Promise<void> => {
  const { time } = world;
  const until = time.now() + ms;
  while (time.now() < until) {
    const next = Math.min(until, time.now() + LOOK_INTERVAL_MS);
    time.after(next - time.now(), () => undefined);
    await time.runUntil(() => time.now() >= next || archiving?.takesLook() === true);
    await checkInvariants(server, findings);
    await archiving?.check();
  }
};

/**
 * Where consumers are behind. kafkajs commits with its next batch what it could not commit before; so there is given one
 * more message to each, now and then, and one that then still lags does not work.
 *
 * Where Kafka loses messages this says nothing: kafkajs does not notice that a log was cut off and has grown again, and
 * leaves messages unread, which the republication of stuck orders makes up for.
 */
const findLags = ({ cluster, echo, isComplete }: HealingParts, isNudged: boolean): string[] => {
  const lags = isComplete ? lagsOf(cluster) : [];
  if (isNudged) for (const { topic, partition } of lags) echo.nudge(topic, partition);
  return lags.map(lagLine);
};

/** Says what is not at rest, in words. A process that is stalled may have anything in hand that it does when it wakes. */
export const createLook = (parts: HealingParts): Look => {
  const { server, deployment, archiving } = parts;
  let areClientsDone = false;
  let looks = 0;
  void parts.clients.then(() => {
    areClientsDone = true;
  });
  return async () => {
    looks += 1;
    const open = [
      ...(areClientsDone ? [] : ['clients still ask']),
      ...(deployment.isUp() ? [] : ['not every process runs']),
      ...(deployment.isAwake() ? [] : ['a process is stalled']),
      ...(archiving && !archiving.isAtRest() ? ['an archive is not done'] : []),
      ...(await unrestIn(server)),
    ];
    return [...open, ...findLags(parts, open.length === 0 && looks % LOOKS_A_NUDGE === 0)];
  };
};

/**
 * Waits until all is at rest and stays so for a while: what was in progress may turn up after a rest, and is then work
 * like any other.
 *
 * @param pass lets milliseconds of the simulation go by
 * @returns how long it took until the last rest began, in milliseconds of the simulation, and what never came to rest
 */
export const waitForRest = async (
  look: Look,
  pass: (ms: number) => Promise<void>,
): Promise<{ readonly healedAfterMs: number; readonly unsettled: readonly string[] }> => {
  for (let passedMs = 0; ;) {
    await pass(LOOK_INTERVAL_MS);
    const healedAfterMs = (passedMs += LOOK_INTERVAL_MS);
    let unsettled = await look();
    if (unsettled.length === 0) {
      await pass(AFTERMATH_MS);
      passedMs += AFTERMATH_MS;
      unsettled = await look();
    }
    if (unsettled.length === 0 || passedMs >= HEAL_LIMIT_MS) return { healedAfterMs, unsettled };
  }
};

/** Waits until all is at rest, which is a promise; answers how long it took, in milliseconds of the simulation. */
export const heal = async (parts: HealingParts): Promise<number> => {
  const { healedAfterMs, unsettled: left } = await waitForRest(createLook(parts), (ms) => runFor(parts, ms));
  if (left.length > 0)
    parts.findings.add('the system heals once nothing goes wrong any more', ['system'], left.join(', '));
  return healedAfterMs;
};
