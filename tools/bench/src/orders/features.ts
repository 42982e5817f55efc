import type { BenchContext } from '../context/context.ts';
import { describeMachine } from '../report/machine.ts';
import type { Report } from '../report/report.ts';
import { embeddedSettings } from '../system/embedded.ts';
import { aboutOrders } from './about.ts';
import { FULL, QUICK } from './sizes.ts';
import { NO_WALKING_MS } from './stage.ts';
import { benchVariants } from './variants.ts';

/** What can be switched on, each beside a system without it: the rows of the orders benchmark, by themselves. */
export const benchFeatures = async (context: BenchContext): Promise<Report> => {
  const sizes = context.quick ? QUICK : FULL;
  const figures = await benchVariants(context, sizes);
  return {
    name: 'features',
    command: 'npx -y pnpm bench features',
    about: aboutOrders(sizes),
    at: new Date().toISOString(),
    machine: describeMachine({}),
    settings: embeddedSettings(NO_WALKING_MS),
    figures,
  };
};
