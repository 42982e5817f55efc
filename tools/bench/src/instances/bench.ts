import { setTimeout as pause } from 'node:timers/promises';
import type { BenchContext } from '../context/context.ts';
import { addUp, type Correctness } from '../correctness/correctness.ts';
import { judgeStored } from '../correctness/stored.ts';
import { ABOUT_CORRECTNESS } from '../orders/about.ts';
import { auditStage } from '../orders/audited.ts';
import { CONNECTIONS } from '../orders/sizes.ts';
import { openSpread, reportExamples } from '../orders/stage.ts';
import { describeMachine } from '../report/machine.ts';
import type { Report } from '../report/report.ts';
import { goRounds, roundSentence } from '../rounds.ts';
import { serverVersion } from '../system/databases.ts';
import { embeddedSettings } from '../system/embedded.ts';
import { figuresOf, type Round } from './figures.ts';
import { startInstances } from './system.ts';
import { rest, takeTurn, type Cost, type Load, type Side } from './turns.ts';

const FULL = { rounds: 3, paced: 600, full: 2_500, idleS: 15 };
const QUICK = { rounds: 1, paced: 300, full: 800, idleS: 15 };
const RATE_PER_S = 100;
/** After a start: longer than it takes a group to be stable, and PostgreSQL to count all that was done. */
const SETTLED_MS = 25_000;
const WORKFLOW_INTERVAL_MS = 1_000;
const INSTANCES = [1, 2, 8] as const;

const open = async (context: BenchContext, instances: number): Promise<Side> => {
  context.say(`Instances: a system with ${instances}`);
  const system = await startInstances(context, instances, WORKFLOW_INTERVAL_MS);
  return {
    system,
    source: await openSpread(system.url),
    placings: [],
    settled: pause(SETTLED_MS),
    idle: { wal: 0, transactions: 0, services: 0, postgres: 0 },
  };
};

/** All sides take a turn each; what an order took in each of them. */
const takeTurns = async (sides: readonly Side[], load: Load): Promise<Promise<readonly Cost[]>> => {
  const costs: Promise<Cost>[] = [];
  for (const side of sides) costs.push((await takeTurn(side, load)).cost);
  return Promise.all(costs);
};

const judge = async (context: BenchContext, { system, placings }: Side): Promise<Correctness> => {
  reportExamples(context, placings);
  return addUp([await auditStage(context, system), await judgeStored(system.databases, placings)]);
};

/** What an order costs with one, two and eight instances of every service. */
export const benchInstances = async (context: BenchContext): Promise<Report> => {
  const { rounds, paced, full, idleS } = context.quick ? QUICK : FULL;
  const sides: Side[] = [];
  for (const instances of INSTANCES) sides.push(await open(context, instances));
  context.say('Instances: idle');
  const idle = await Promise.all(sides.map((side) => rest(side, idleS)));
  context.say('Instances: warming up');
  await takeTurns(sides, { orders: full });
  const measured = await goRounds(
    rounds,
    async (number): Promise<Round> => {
      context.say(roundSentence('Instances', number, rounds));
      return {
        paced: await takeTurns(sides, { orders: paced, ratePerS: RATE_PER_S }),
        full: await takeTurns(sides, { orders: full }),
      };
    },
    0,
  );
  const judged: Correctness[] = [];
  for (const side of sides) judged.push(await judge(context, side));
  const correctness = addUp(judged);
  const postgresVersion = await serverVersion((sides[0] as Side).system.databases.orders);
  return {
    name: 'instances',
    command: 'npx -y pnpm bench instances',
    about: [
      `Systems with one, two and eight instances of every service, each system with one PostgreSQL and one broker in memory, take turns. All instances of a system share one process, so that eight have no more processor time than one: what is compared is what an order takes, not how fast many machines are. Orders go to the gateways in turn, and each gateway asks the services of its own instance; events go to whichever instance has their partition, of which there are six.`,
      `Each round has two turns a system: ${paced.toLocaleString('en-US')} orders at an even pace of ${RATE_PER_S} a second, and ${full.toLocaleString('en-US')} orders over ${CONNECTIONS} connections in all, each placed as soon as the one before it is answered. The workflow takes up orders every second; a turn ends when all are delivered and published. It begins with some orders that open the sessions which idle pools have closed. What an order takes is what the system took, without what it takes idle in the same time, divided by the orders.`,
      `Idle is a system that nobody asks for anything, over ${idleS} seconds. Transactions are those of all databases, those that only read among them.`,
      ABOUT_CORRECTNESS,
    ],
    at: new Date().toISOString(),
    machine: describeMachine({ PostgreSQL: postgresVersion }),
    settings: embeddedSettings(WORKFLOW_INTERVAL_MS),
    figures: figuresOf({ instances: INSTANCES, rounds: measured, idle, correctness }),
  };
};
