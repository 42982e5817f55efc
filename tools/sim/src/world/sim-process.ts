import type { Failpoint, Runtime } from '@order-pipeline/service-kit';
import type { ProgramName } from './tally.ts';
import type { Owner } from './time.ts';
import { never, type World } from './world.ts';

/** Where one instance of a program runs: it outlives the processes that run there one after the other. */
export interface Slot<P extends ProgramName = ProgramName> {
  readonly service: P;
  /** Such as `orders.2`. */
  readonly id: string;
  /** How far its clock is ahead, in milliseconds. */
  skewMs: number;
  /** How far it was ahead at least and at most so far. */
  skewRange(): { readonly least: number; readonly most: number };
}

export const createSlot = <P extends ProgramName>(service: P, id: string): Slot<P> => {
  const skews = { now: 0, least: 0, most: 0 };
  return {
    service,
    id,
    get skewMs() {
      return skews.now;
    },
    set skewMs(ms) {
      skews.now = ms;
      skews.least = Math.min(skews.least, ms);
      skews.most = Math.max(skews.most, ms);
    },
    skewRange: () => skews,
  };
};

/** A process of the simulation: all that it receives and does goes through ports, which are dead once it is. */
export interface SimProcess extends Owner {
  readonly slot: Slot;
  readonly runtime: Runtime;
  /** Nothing happens to it and nothing comes from it until `ms` milliseconds have passed. */
  stall(ms: number): void;
  /** All of it ends at this instant. */
  die(how: string): void;
  /** How it ended, if it did. */
  end(): string | undefined;
  /** Calls `fn` when it dies; answers how to take that back. */
  onDeath(fn: () => void): () => void;
  /**
   * Settles as `work` does, seen from inside the process: never once it is dead, and not while it is stalled.
   */
  hear<T>(work: Promise<T>): Promise<T>;
}

const MAX_PAUSE_MS = 4_000;
/** Here for longer than it takes until the reconciler asks whether a reservation has an order. */
const LONGER_PAUSES_MS: Readonly<Record<string, number>> = { 'orders.afterReserveBeforeStore': 12_000 };

const createProcessRuntime = (world: World, slot: Slot, process: () => SimProcess): Runtime => {
  const { time, streams, faultInjector, tally, trace } = world;
  const identity = streams(`${slot.id}/identity`);
  const random = streams(`${slot.id}/random`);
  const at = (point: Failpoint) => streams(`${slot.id}/${point}`);
  return {
    wallClock: () => Math.floor(time.now() + slot.skewMs),
    monotonic: () => time.now(),
    after: (ms, fn) => time.after(ms, fn, process()),
    soon: (fn) => void time.after(0, fn, process()),
    random: random.next,
    uuid: identity.uuid,
    hex: streams(`${slot.id}/hex`).hex,
    failpoint: (point) => {
      if (process().isDead()) return never();
      tally.reached(slot.service, point);
      trace(slot.id, `at ${point}`);
      const chances = at(point);
      if (
        faultInjector.hits(
          'process: crash at a crash point',
          chances,
          slot.id,
          faultInjector.crashShare(point),
        )
      ) {
        tally.crashed(slot.service, point);
        process().die(`crashed at ${point}`);
        return never();
      }
      if (!faultInjector.hits('process: pause at a crash point', chances, slot.id)) return undefined;
      return process().hear(time.sleep(chances.between(10, LONGER_PAUSES_MS[point] ?? MAX_PAUSE_MS)));
    },
  };
};

export const createSimProcess = (world: World, slot: Slot): SimProcess => {
  const { time, trace } = world;
  const mourners = new Set<() => void>();
  let end: string | undefined;
  let stalledUntil = 0;

  const awake = async (): Promise<void> => {
    while (stalledUntil > time.now()) await time.sleep(stalledUntil - time.now());
  };

  const process: SimProcess = {
    slot,
    runtime: createProcessRuntime(world, slot, () => process),
    isDead: () => end !== undefined,
    end: () => end,
    stalledUntil: () => stalledUntil,
    stall: (ms) => {
      stalledUntil = Math.max(stalledUntil, time.now() + ms);
    },
    die: (how) => {
      if (end !== undefined) return;
      end = how;
      trace(slot.id, how);
      for (const fn of mourners) fn();
      mourners.clear();
    },
    onDeath: (fn) => {
      mourners.add(fn);
      return () => void mourners.delete(fn);
    },
    hear: async <T>(work: Promise<T>): Promise<T> => {
      try {
        const result = await work;
        await awake();
        return end === undefined ? result : await never();
      } catch (error) {
        await awake();
        if (end !== undefined) await never();
        throw error;
      }
    },
  };
  return process;
};
