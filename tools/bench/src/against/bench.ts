import type { BenchContext } from '../context/context.ts';
import { judgeStored } from '../correctness/stored.ts';
import { ABOUT_CORRECTNESS, ABOUT_LOAD } from '../orders/about.ts';
import { figureOfStarts, methodOfStarts, placeInStarts, type Kind, type Placed } from '../orders/sides.ts';
import { NO_WALKING_MS, openSpread } from '../orders/stage.ts';
import type { StartSizes } from '../orders/starts.ts';
import { toldByTheSystem, type Turn } from '../orders/turn.ts';
import { describeMachine } from '../report/machine.ts';
import type { Figure, Report, Target } from '../report/report.ts';
import { serverVersion } from '../system/databases.ts';
import { embeddedSettings, startEmbeddedSystem } from '../system/embedded.ts';
import { checkOut } from './checkout.ts';

const FULL: StartSizes = { starts: 4, rounds: 10, warmUps: 4, orders: 1_000 };
const QUICK: StartSizes = { starts: 2, rounds: 4, warmUps: 2, orders: 500 };
const MIN_TIMES = 0.97;
const MAX_TIMES = 1.03;

const VALUES: readonly [words: string, value: keyof Turn, unit: string, target: Target][] = [
  ['placement', 'rate', 'orders/s', { times: MIN_TIMES }],
  ['processor time an order, services', 'services', 'µs', { timesAtMost: MAX_TIMES }],
  ['processor time an order, PostgreSQL', 'postgres', 'µs', { timesAtMost: MAX_TIMES }],
];

/** What is here beside the other, and beside itself. */
const figuresOf = (here: Placed, other: Placed & { readonly name: string }, again: Placed): Figure[] => {
  const beside = VALUES.map(([name, value, unit, target]) =>
    figureOfStarts({ name, unit, target }, value, here, other),
  );
  const control = VALUES.map(([words, value, unit]) => {
    const row = { name: `${words}: this against itself`, unit, target: { reported: true } } as const;
    return figureOfStarts(row, value, again, { ...here, name: 'this checkout' });
  });
  return toldByTheSystem([...beside, ...control]);
};

/** Placing on what is here, beside placing on what was here at a commit, and beside itself: whole systems that take turns. */
export const benchAgainst = async (context: BenchContext, commit: string): Promise<Report> => {
  const sizes = context.quick ? QUICK : FULL;
  context.say(`Against ${commit}: installing it`);
  const { name, folder } = await checkOut(context, commit);
  let postgresVersion = 'unknown';
  const kindOf = (words: string, root?: string): Kind => ({
    open: async () => {
      const place = root === undefined ? {} : { root };
      const system = await startEmbeddedSystem(context, {
        name: words,
        workflowIntervalMs: NO_WALKING_MS,
        ...place,
      });
      postgresVersion = await serverVersion(system.databases.orders);
      return { system, source: await openSpread(system.url), placings: [] };
    },
    judge: ({ system, placings }) => judgeStored(system.databases, placings),
  });
  const here = kindOf('this checkout');
  const kinds = [here, kindOf(`the checkout of ${name}`, folder), here];
  const [one, other, again] = await placeInStarts(context, `Against ${name}`, kinds, sizes);
  return {
    name: `against ${name}`,
    command: `npx -y pnpm bench against ${commit}`,
    method: methodOfStarts(sizes),
    about: [ABOUT_LOAD, ABOUT_CORRECTNESS],
    at: new Date().toISOString(),
    machine: describeMachine({ PostgreSQL: postgresVersion }),
    settings: embeddedSettings(NO_WALKING_MS),
    figures: figuresOf(one as Placed, { ...(other as Placed), name }, again as Placed),
  };
};
