import { HOUR_MS } from '@order-pipeline/service-kit';
import type { Deployment } from './deployment.ts';
import { CLOCK_STEPS, type ClockStep } from './fault-names.ts';
import { scheduleFaultKinds } from './fault-kinds.ts';
import type { Slot } from './sim-process.ts';
import type { Stream } from './streams.ts';
import type { World } from './world.ts';

/** Beyond the longest timer of Node, too: 24.8 days. */
const FAR_MS = [HOUR_MS, 2 * HOUR_MS, 24 * HOUR_MS, 31 * 24 * HOUR_MS, 3_660 * 24 * HOUR_MS] as const;
const SHARE_OF_SEEDS = 0.35;
const MAX_PER_KIND = 3;

interface Parts {
  readonly world: World;
  readonly deployment: Deployment;
}

/** How far a clock is ahead from then on: far in either direction, or right again. */
const skewOf = (stream: Stream): number => {
  if (stream.chance(0.25)) return 0;
  return Math.floor(stream.pick(FAR_MS) * stream.between(0.9, 1.1) * stream.pick([-1, 1]));
};

const set = (
  { deployment, world }: Parts,
  slots: Deployment['slots'],
  skewMs: number,
  restarts: boolean,
): void => {
  for (const slot of slots) {
    world.trace('clock', `of ${slot.id} is ${skewMs} ms ahead now`);
    slot.skewMs = skewMs;
    if (restarts) deployment.at(slot)?.process.die('crashes, and will wake up at another time');
  }
};

const strike = (parts: Parts, kind: ClockStep, stream: Stream): void => {
  const { slots } = parts.deployment;
  const one = slots.slice(stream.integer(0, slots.length - 1)).slice(0, 1);
  set(parts, kind.includes('in all') ? slots : one, skewOf(stream), kind.endsWith('restart'));
};

/** The time that a simulation takes, and more. */
const SIMULATION_MS = HOUR_MS;

/** Whether the clocks of inventory never differed by a day, after which an idempotency key has expired. */
export const areWithinADay = (slots: readonly Slot[]): boolean => {
  const ranges = slots.filter(({ service }) => service === 'inventory').map(({ skewRange }) => skewRange());
  const spreadMs =
    Math.max(...ranges.map(({ most }) => most)) - Math.min(...ranges.map(({ least }) => least));
  return spreadMs + SIMULATION_MS < 24 * HOUR_MS;
};

/** Sets clocks at moments that the seed says, until all faults are healed. Its chances are its own: all else stays as it is. */
export const scheduleClockSteps = (parts: Parts, lengthMs: number): void => {
  scheduleFaultKinds(parts.world, lengthMs, {
    name: 'clock-steps',
    kinds: CLOCK_STEPS,
    shareOfSeeds: SHARE_OF_SEEDS,
    maxPerKind: MAX_PER_KIND,
    strike: (kind, stream) => strike(parts, kind, stream),
  });
};
