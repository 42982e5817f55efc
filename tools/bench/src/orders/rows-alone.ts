import type { BenchContext } from '../context/context.ts';
import { describeMachine } from '../report/machine.ts';
import type { Figure, Report } from '../report/report.ts';
import { embeddedSettings } from '../system/embedded.ts';
import { aboutOrders } from './about.ts';
import { methodOfStarts } from './sides.ts';
import { FULL, QUICK, type Sizes } from './sizes.ts';
import { NO_WALKING_MS } from './stage.ts';
import { benchBesideWaiting } from './beside-waiting.ts';
import { benchVariants } from './variants.ts';

/** Rows of the orders benchmark, by themselves. */
const rowsAlone =
  (
    name: string,
    measure: (context: BenchContext, sizes: Sizes) => Promise<Figure[]>,
    methodOf: (sizes: Sizes) => Pick<Report, 'method'> = () => ({}),
  ) =>
  async (context: BenchContext): Promise<Report> => {
    const sizes = context.quick ? QUICK : FULL;
    const figures = await measure(context, sizes);
    return {
      name,
      command: `npx -y pnpm bench ${name}`,
      ...methodOf(sizes),
      about: aboutOrders(sizes),
      at: new Date().toISOString(),
      machine: describeMachine({}),
      settings: embeddedSettings(NO_WALKING_MS),
      figures,
    };
  };

/** What can be switched on, each beside a system without it. */
export const benchFeatures = rowsAlone('features', benchVariants, ({ variants }) => ({
  method: methodOfStarts(variants),
}));

/** Placement while clients wait. */
export const benchWaiting = rowsAlone('waiting', benchBesideWaiting);
