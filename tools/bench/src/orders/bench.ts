import type { BenchContext } from '../context/context.ts';
import { benchGrowth } from '../growth/growth.ts';
import { findPgbench } from '../reference/find-pgbench.ts';
import { PGBENCH_SETTINGS, pgbenchVersion } from '../reference/pgbench.ts';
import { describeMachine } from '../report/machine.ts';
import type { Report } from '../report/report.ts';
import { median } from '../rounds.ts';
import { embeddedSettings } from '../system/embedded.ts';
import { aboutOrders } from './about.ts';
import { benchBesideWaiting } from './beside-waiting.ts';
import { benchPlacement } from './placement.ts';
import { FULL, QUICK } from './sizes.ts';
import { benchVariants } from './variants.ts';
import { benchWalking } from './walking.ts';

/** The order pipeline on its embedded parts, beside pgbench and a plain build, on the same PostgreSQL. */
export const benchOrders = async (context: BenchContext): Promise<Report> => {
  const sizes = context.quick ? QUICK : FULL;
  const pgbenchProgram = await findPgbench();
  const placement = await benchPlacement(context, sizes, pgbenchProgram);
  const placementRate = median(placement.figures[0]?.result ?? []);
  const walking = await benchWalking(context, { sizes, pgbenchProgram, placementRate });
  const variants = await benchVariants(context, sizes);
  const besideWaiting = await benchBesideWaiting(context, sizes);
  const growth = await benchGrowth(context, sizes);
  return {
    name: 'orders',
    command: 'pnpm bench',
    about: aboutOrders(sizes),
    at: new Date().toISOString(),
    machine: describeMachine({
      PostgreSQL: placement.postgresVersion,
      pgbench: await pgbenchVersion(pgbenchProgram),
    }),
    settings: {
      ...embeddedSettings(walking.workflowIntervalMs),
      WORKFLOW_INTERVAL_MS: `${walking.workflowIntervalMs} where orders walk, else longer than was measured`,
      pgbench: PGBENCH_SETTINGS.join(' '),
    },
    figures: [...placement.figures, ...walking.figures, ...variants, ...besideWaiting, ...growth],
  };
};
