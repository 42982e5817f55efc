import { CliError } from '@order-pipeline/cli/kit';
import { countSteps, fillSteps } from './database.ts';
import type { Pgbench } from './pgbench.ts';

/** From PENDING to DELIVERED an order takes three steps. */
const STEPS_OF_AN_ORDER = 3;

/**
 * How many orders a second pgbench would take from PENDING to DELIVERED, by one compare-and-set a step and nothing else.
 *
 * @param steps how many are measured, a multiple of pgbench's clients
 */
export const walkRateOfPgbench = async (
  pgbench: Pgbench,
  referenceUrl: string,
  steps: number,
): Promise<number> => {
  await fillSteps(referenceUrl, steps);
  const rate = await pgbench({ script: 'compare-and-set', transactions: steps, variables: { n: 0 } });
  const moved = await countSteps(referenceUrl);
  if (moved !== steps) throw new CliError(`pgbench moved ${moved} orders of ${steps}.`);
  return rate / STEPS_OF_AN_ORDER;
};

/** What the rate above is called as a baseline. */
export const WALK_OF_PGBENCH = 'pgbench, a step ÷ 3';
