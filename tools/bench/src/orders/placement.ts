import type { BenchContext } from '../context/context.ts';
import { addUp, FLAWLESS } from '../correctness/correctness.ts';
import { judgeStored } from '../correctness/stored.ts';
import type { Figure } from '../report/report.ts';
import { goRounds, roundSentence } from '../rounds.ts';
import { serverVersion } from '../system/databases.ts';
import { startEmbeddedSystem } from '../system/embedded.ts';
import { auditStage } from './audited.ts';
import { placeBesideLists } from './beside-lists.ts';
import { placementFigures } from './placement-figures.ts';
import { goPlacementRound, openPlacementSides, sellOut, type PlacementRound } from './placement-round.ts';
import type { Sizes } from './sizes.ts';
import { NO_WALKING_MS, reportExamples } from './stage.ts';

/** Placement: spread, at a tenth of the rate, and of one item; beside pgbench and the plain build. */
export const benchPlacement = async (
  context: BenchContext,
  { rounds, placement, besideLists }: Sizes,
  pgbenchProgram: string,
): Promise<{ readonly figures: Figure[]; readonly postgresVersion: string }> => {
  const { say } = context;
  say('Placement: starting');
  const system = await startEmbeddedSystem(context, {
    name: 'the placement stage',
    workflowIntervalMs: NO_WALKING_MS,
  });
  const sides = await openPlacementSides(context, system, pgbenchProgram);
  const all: PlacementRound[] = [];
  const counted = await goRounds(rounds, async (number) => {
    say(roundSentence('Placement', number, rounds));
    const round = await goPlacementRound(system, sides, placement, number);
    all.push(round);
    return round;
  });
  await sides.plain.build.stop();
  reportExamples(
    context,
    all.flatMap((round) => [round.spread, round.tenth, round.hot, round.plain]),
  );
  const spread = all.flatMap((round) => [round.spread, round.tenth]);
  const hot = all.map((round) => round.hot);
  const soldOut = await sellOut(system, placement.scarceUnits);
  const beside = await placeBesideLists(context, system, { rounds, besideLists });
  say('Placement: auditing');
  const audit = await auditStage(context, system);
  const figures = placementFigures(counted, {
    spread: addUp([audit, await judgeStored(system.databases, spread)]),
    hot: addUp([audit, soldOut, await judgeStored(system.databases, hot)]),
  });
  const postgresVersion = await serverVersion(system.databases.orders);
  await system.stop();
  const besideFlaws = addUp([audit, beside.correctness ?? FLAWLESS]);
  return { figures: [...figures, { ...beside, correctness: besideFlaws }], postgresVersion };
};
