import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import TinyQueue from 'tinyqueue';

export type Cancel = () => void;

/** Whose event it is: what is dead receives nothing any more, what is stalled receives it later. */
export interface Owner {
  isDead(): boolean;
  /** The moment up to which nothing happens to it, in milliseconds of the simulation. */
  stalledUntil(): number;
}

/** The time of a simulated world: it stops while something happens, and jumps to the next event. */
export interface Time {
  /** Milliseconds since the epoch, with fractions. */
  now(): number;
  /** Calls `fn` once after `ms` milliseconds, unless cancelled, or its owner is dead by then. */
  after(ms: number, fn: () => void, owner?: Owner): Cancel;
  sleep(ms: number): Promise<void>;
  /**
   * Lets one event after the other happen, each with all that it sets off, until `isOver` says so.
   *
   * @throws Error when nothing is left to happen, or the limit of CPU time is reached
   */
  runUntil(isOver: () => boolean): Promise<void>;
  /**
   * Lets events happen until `work` settles, which may also wait for what is outside of the simulation: time does not
   * jump then, it goes by, fifty times as fast as in life.
   */
  runWhile<T>(work: Promise<T>): Promise<T>;
}

export interface TimeOptions {
  readonly startAt: number;
  /** Resolves when nothing that takes real time is under way, such as a statement in PostgreSQL. */
  readonly settled: () => Promise<void>;
  /** The most that the whole simulation may take, in milliseconds of this process's CPU: a busy machine costs none. */
  readonly limitMs: number;
}

interface Event {
  at: number;
  readonly order: number;
  readonly fn: () => void;
  readonly owner: Owner | undefined;
  cancelled: boolean;
}

/** The processor time is read once in so many events: reading it at each took a fifteenth of a simulation. */
const EVENTS_A_CHECK = 100;

/** How many milliseconds of the simulation go by in one of life. */
export const LIFE_SPEED = 50;

const byTime = (a: Event, b: Event): number => a.at - b.at || a.order - b.order;

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** Promises that are due are carried out before this resolves. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** The events to come. */
const createAgenda = () => {
  const queue = new TinyQueue<Event>([], byTime);
  const isDue = (event: Event): boolean => {
    if (event.cancelled || event.owner?.isDead()) return false;
    const stalledUntil = event.owner?.stalledUntil() ?? 0;
    if (stalledUntil <= event.at) return true;
    event.at = stalledUntil;
    queue.push(event);
    return false;
  };
  return {
    push: (event: Event): void => queue.push(event),
    /** Takes out the next one that happens. */
    next: (): Event | undefined => {
      for (let event = queue.pop(); event !== undefined; event = queue.pop()) {
        if (isDue(event)) return event;
      }
      return undefined;
    },
  };
};

/** Makes what is called at each event, and throws once more processor time than the limit is spent. */
const createLimitCheck = (limitMs: number): (() => void) => {
  const startedAt = cpuMs();
  let untilCheck = 0;
  return () => {
    untilCheck -= 1;
    if (untilCheck > 0) return;
    untilCheck = EVENTS_A_CHECK;
    if (cpuMs() - startedAt > limitMs) throw new Error(`it did not end within ${limitMs} ms of CPU time`);
  };
};

export const createTime = ({ startAt, settled, limitMs }: TimeOptions): Time => {
  const agenda = createAgenda();
  const checkLimit = createLimitCheck(limitMs);
  let now = startAt;
  let events = 0;

  const after: Time['after'] = (ms, fn, owner) => {
    events += 1;
    const event: Event = { at: now + Math.max(0, ms), order: events, fn, owner, cancelled: false };
    agenda.push(event);
    return () => {
      event.cancelled = true;
    };
  };

  const happen = (event: Event): void => {
    now = Math.max(now, event.at);
    event.fn();
  };

  return {
    now: () => now,
    after,
    sleep: (ms) => new Promise((resolve) => void after(ms, resolve)),
    runUntil: async (isOver) => {
      for (;;) {
        await turn();
        await settled();
        if (isOver()) return;
        checkLimit();
        const event = agenda.next();
        if (!event) throw new Error('nothing is left to happen');
        happen(event);
      }
    },
    runWhile: async (work) => {
      let isOver = false;
      const ended = work.finally(() => {
        isOver = true;
      });
      ended.catch(() => undefined);
      for (;;) {
        await turn();
        await settled();
        if (isOver) return ended;
        checkLimit();
        const event = agenda.next();
        if (event && event.at <= now) happen(event);
        else {
          if (event) agenda.push(event);
          await sleep(1);
          now = Math.min(now + LIFE_SPEED, event?.at ?? Number.POSITIVE_INFINITY);
        }
      }
    },
  };
};
