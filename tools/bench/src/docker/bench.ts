import type { BenchContext } from '../context/context.ts';
import { addUp } from '../correctness/correctness.ts';
import { judgeStored } from '../correctness/stored.ts';
import { reportExamples } from '../orders/stage.ts';
import { PGBENCH_SETTINGS } from '../reference/pgbench.ts';
import { describeMachine } from '../report/machine.ts';
import type { Figure, Report } from '../report/report.ts';
import { goRounds, roundSentence } from '../rounds.ts';
import { serverVersion } from '../system/databases.ts';
import { aboutStack } from './about.ts';
import { stackFigures } from './figures.ts';
import { auditStack } from './inside.ts';
import { goStackRound, openStackSides, walkOnStack, type StackRound, type StackWalk } from './round.ts';
import { FULL, QUICK, type StackSizes } from './sizes.ts';
import { startStack, stackSettings, type Stack } from './stack.ts';

const KAFKA_IMAGE = 'apache/kafka:4.2.0';

const measure = async (context: BenchContext, stack: Stack, sizes: StackSizes): Promise<Figure[]> => {
  const { say } = context;
  const sides = await openStackSides(context, stack);
  const all: StackRound[] = [];
  const goOnStack = async <T>(name: string, round: () => Promise<T>): Promise<T[]> =>
    goRounds(
      sizes.rounds,
      (number) => {
        say(roundSentence(name, number, sizes.rounds));
        return round();
      },
      sizes.warmUps,
    );
  const one = await goOnStack('Docker', async () => {
    const round = await goStackRound(sides, sizes, all.length);
    all.push(round);
    return round;
  });
  const walks: StackWalk[] = [...all];
  await stack.scale(2);
  const two = await goOnStack('Docker, two instances', async () => {
    const walk = await walkOnStack(sides, sizes, walks.length);
    walks.push(walk);
    return walk;
  });
  const placings = walks.flatMap(({ walked }) => walked.placings);
  reportExamples(context, [...placings, ...all.map(({ plain }) => plain)]);
  say('Docker: auditing');
  const correctness = addUp([await auditStack(stack, say), await judgeStored(stack.databases, placings)]);
  return stackFigures(one, two, correctness);
};

/** docker-compose.yml with Kafka, beside pgbench in its PostgreSQL and a plain build on its parts. */
export const benchDocker = async (context: BenchContext): Promise<Report> => {
  const sizes = context.quick ? QUICK : FULL;
  const stack = await startStack(context, sizes.workflowIntervalMs);
  const figures = await measure(context, stack, sizes);
  return {
    name: 'orders-docker',
    command: 'pnpm bench --docker',
    about: aboutStack(sizes),
    at: new Date().toISOString(),
    machine: describeMachine({
      PostgreSQL: await serverVersion(stack.databases.orders),
      Kafka: KAFKA_IMAGE,
    }),
    settings: { ...stackSettings(sizes.workflowIntervalMs), pgbench: PGBENCH_SETTINGS.join(' ') },
    figures,
  };
};
