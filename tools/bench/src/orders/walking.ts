import { SECOND_MS } from '@order-pipeline/service-kit';
import type { BenchContext } from '../context/context.ts';
import { addUp } from '../correctness/correctness.ts';
import { judgeStored } from '../correctness/stored.ts';
import type { Placing } from '../load/place.ts';
import { WALK_OF_PGBENCH, walkRateOfPgbench } from '../reference/compare-and-set.ts';
import { fillReference } from '../reference/database.ts';
import { createPgbench } from '../reference/pgbench.ts';
import type { Figure } from '../report/report.ts';
import { goRounds, roundSentence } from '../rounds.ts';
import { startEmbeddedSystem } from '../system/embedded.ts';
import { auditStage } from './audited.ts';
import type { Sizes } from './sizes.ts';
import { openSpread, reportExamples } from './stage.ts';
import { walkFromWaiting } from './walk-from-waiting.ts';
import { rateOf } from './walk.ts';

/** How much longer than at the measured rate the placing may take. */
const MARGIN = 1.5;
/** Steps a second that pgbench makes at least, and what else is done between two walks. */
const [MIN_STEPS_PER_S, OTHER_S] = [8_000, 3];

/** Time enough to do all of a round between two turns of the workflow. */
const intervalFor = ({ orders, steps }: Sizes['walking'], placementRate: number): number =>
  Math.ceil((MARGIN * orders) / placementRate + steps / MIN_STEPS_PER_S + OTHER_S) * SECOND_MS;

export interface WalkingOptions {
  readonly sizes: Sizes;
  readonly pgbenchProgram: string;
  /** Orders a second, as measured before. */
  readonly placementRate: number;
}

/** Orders that all wait, from the first PROCESSING to the last DELIVERED; beside compare-and-set by pgbench. */
export const benchWalking = async (
  context: BenchContext,
  { sizes, pgbenchProgram, placementRate }: WalkingOptions,
): Promise<{ readonly figures: Figure[]; readonly workflowIntervalMs: number }> => {
  const { say } = context;
  const { orders, steps } = sizes.walking;
  const workflowIntervalMs = intervalFor(sizes.walking, placementRate);
  say(`Walking: starting, with a turn of the workflow every ${workflowIntervalMs / SECOND_MS} s`);
  const system = await startEmbeddedSystem(context, { name: 'the walking stage', workflowIntervalMs });
  const referenceUrl = await system.createDatabase('reference');
  await fillReference(referenceUrl);
  const pgbench = createPgbench(pgbenchProgram, referenceUrl);
  const parts = {
    system,
    source: await openSpread(system.url),
    orders,
    workflowIntervalMs,
    afterTurn: false,
  };
  const placings: Placing[] = [];
  const rounds = await goRounds(sizes.rounds, async (number) => {
    say(roundSentence('Walking', number, sizes.rounds));
    const walked = await walkFromWaiting(parts);
    placings.push(...walked.placings);
    return { result: rateOf(walked.walk), baseline: await walkRateOfPgbench(pgbench, referenceUrl, steps) };
  });
  reportExamples(context, placings);
  say('Walking: auditing');
  const correctness = addUp([
    await auditStage(context, system),
    await judgeStored(system.databases, placings),
  ]);
  await system.stop();
  const figure: Figure = {
    name: 'PENDING to DELIVERED',
    unit: 'orders/s',
    result: rounds.map(({ result }) => result),
    baseline: { name: WALK_OF_PGBENCH, values: rounds.map(({ baseline }) => baseline) },
    target: { times: 1.5 },
    correctness,
  };
  return { figures: [figure], workflowIntervalMs };
};
