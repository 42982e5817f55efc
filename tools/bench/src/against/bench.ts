import type { BenchContext } from '../context/context.ts';
import { addUp, FLAWLESS, type Correctness } from '../correctness/correctness.ts';
import { judgeStored } from '../correctness/stored.ts';
import { ABOUT_CORRECTNESS, ABOUT_LOAD } from '../orders/about.ts';
import { NO_WALKING_MS, openSpread, reportExamples } from '../orders/stage.ts';
import { takeTurn, toldByTheSystem, type Side, type Turn } from '../orders/turn.ts';
import { describeMachine } from '../report/machine.ts';
import type { Figure, Report } from '../report/report.ts';
import { goRounds, roundSentence } from '../rounds.ts';
import { serverVersion } from '../system/databases.ts';
import { embeddedSettings, startEmbeddedSystem } from '../system/embedded.ts';
import { checkOut } from './checkout.ts';

/** Many short turns: what else the machine does hits both alike only over little time. */
const FULL = { rounds: 24, orders: 4_000 };
const QUICK = { rounds: 4, orders: 2_000 };
const MIN_TIMES = 0.97;
const MAX_TIMES = 1.03;

const open = async (context: BenchContext, name: string, root?: string): Promise<Side> => {
  const system = await startEmbeddedSystem(context, {
    name,
    workflowIntervalMs: NO_WALKING_MS,
    ...(root === undefined ? {} : { root }),
  });
  return { system, source: await openSpread(system.url), placings: [] };
};

const judge = async (sides: readonly Side[]): Promise<Correctness> =>
  addUp([
    FLAWLESS,
    ...(await Promise.all(sides.map(({ system, placings }) => judgeStored(system.databases, placings)))),
  ]);

const figuresOf = (turns: readonly (readonly Turn[])[], name: string, correctness: Correctness): Figure[] => {
  const of = (side: number, value: keyof Turn): number[] =>
    turns.map((round) => round[side]?.[value] ?? Number.NaN);
  const figure = (words: string, value: keyof Turn, unit: string, target: Figure['target']): Figure => ({
    name: words,
    unit,
    result: of(0, value),
    baseline: { name, values: of(1, value) },
    target,
    correctness,
  });
  return toldByTheSystem([
    figure('placement', 'rate', 'orders/s', { times: MIN_TIMES }),
    figure('processor time an order, services', 'services', 'µs', { timesAtMost: MAX_TIMES }),
    figure('processor time an order, PostgreSQL', 'postgres', 'µs', { timesAtMost: MAX_TIMES }),
  ]);
};

/** Placing on what is here, beside placing on what was here at a commit: two whole systems that take turns. */
export const benchAgainst = async (context: BenchContext, commit: string): Promise<Report> => {
  const { say, quick } = context;
  const { rounds, orders } = quick ? QUICK : FULL;
  say(`Against ${commit}: installing it`);
  const { name, folder } = await checkOut(context, commit);
  const sides = [
    await open(context, 'this checkout'),
    await open(context, `the checkout of ${name}`, folder),
  ];
  const turns = await goRounds(rounds, async (number) => {
    say(roundSentence(`Against ${name}`, number, rounds));
    const round: Turn[] = [];
    // Each time the other one first.
    const order = number % 2 === 0 ? [0, 1] : [1, 0];
    for (const side of order) round[side] = await takeTurn(sides[side] as Side, orders);
    return round;
  });
  reportExamples(
    context,
    sides.flatMap(({ placings }) => placings),
  );
  const correctness = await judge(sides);
  const postgresVersion = await serverVersion((sides[0] as Side).system.databases.orders);
  return {
    name: `against ${name}`,
    command: `npx -y pnpm bench against ${commit}`,
    about: [ABOUT_LOAD, ABOUT_CORRECTNESS],
    at: new Date().toISOString(),
    machine: describeMachine({ PostgreSQL: postgresVersion }),
    settings: embeddedSettings(NO_WALKING_MS),
    figures: figuresOf(turns, name, correctness),
  };
};
