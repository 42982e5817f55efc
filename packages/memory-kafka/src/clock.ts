import { clearInterval, setImmediate, setInterval } from 'node:timers';

// Taken when this module loads, and not from the globals, which the fake timers of a test framework replace: a socket would
// not wait for those either.
const inLaterTurn = setImmediate;
const [beginHolding, endHolding] = [setInterval, clearInterval];

const HOLDING_MS = 2 ** 30;

/** Calls off what was planned; calling it late or twice does nothing. */
export type Cancel = () => void;

/** The time that a cluster and its clients live in. A test hands in one of its own. */
export interface Clock {
  /** The time of day, in milliseconds since the epoch: for timestamps alone, as it may be set at any moment. */
  wallClock(): number;
  /** Milliseconds since an arbitrary start, with fractions; it never steps back or ahead. What durations are made of. */
  monotonic(): number;
  /**
   * Calls `fn` once after `ms` milliseconds, unless cancelled. The process may end before that if it has nothing else
   * to wait for and `isIdle` is true.
   */
  after(ms: number, fn: () => void, isIdle?: boolean): Cancel;
  /** Calls `fn` in a later turn of the event loop: the time a request takes to reach the broker. */
  soon(fn: () => void): void;
  /** Keeps the process alive until cancelled, as an open socket would; a clock without it holds nothing. */
  hold?(): Cancel;
}

/** The time of day as messages and events of the client bear it: whole milliseconds since the epoch. */
export const timestampOf = (clock: Clock): number => Math.floor(clock.wallClock());

/** The time of the process. */
export const createSystemClock = (): Clock => ({
  wallClock: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, fn, isIdle = false) => {
    const timer = setTimeout(fn, ms);
    if (isIdle) timer.unref();
    return () => clearTimeout(timer);
  },
  soon: (fn) => void inLaterTurn(fn),
  hold: () => {
    const handle = beginHolding(() => undefined, HOLDING_MS);
    return () => endHolding(handle);
  },
});

/** From 0 (included) to 1 (excluded). */
export const systemRandom = (): number => Math.random();

/** A clock that moves only when a test advances it. */
export interface ManualClock extends Clock {
  /**
   * Moves time on by `ms` milliseconds. Timers that fall due are called in their order, and what each of them
   * sets off is carried out before the next.
   */
  advance(ms: number): Promise<void>;
  /** Lets everything happen that needs no time to pass. */
  settle(): Promise<void>;
  /** How many timers are set. */
  pending(): number;
}

interface Timer {
  readonly at: number;
  readonly fn: () => void;
}

const TURNS_TO_SETTLE = 25;

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < TURNS_TO_SETTLE; turn += 1) {
    await new Promise<void>((resolve) => void inLaterTurn(resolve));
  }
};

const earliest = (timers: ReadonlySet<Timer>, until: number): Timer | undefined => {
  let found: Timer | undefined;
  for (const timer of timers) {
    if (timer.at <= until && (found === undefined || timer.at < found.at)) found = timer;
  }
  return found;
};

/** A clock for tests; `startAt` is what it shows first, in milliseconds since the epoch. */
export const createManualClock = (startAt = 1_700_000_000_000): ManualClock => {
  let now = startAt;
  const timers = new Set<Timer>();

  const advance = async (ms: number): Promise<void> => {
    const until = now + ms;
    await settle();
    for (let timer = earliest(timers, until); timer !== undefined; timer = earliest(timers, until)) {
      timers.delete(timer);
      now = Math.max(now, timer.at);
      timer.fn();
      await settle();
    }
    now = until;
    await settle();
  };

  return {
    wallClock: () => now,
    monotonic: () => now,
    after: (ms, fn) => {
      const timer: Timer = { at: now + ms, fn };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    soon: (fn) => void inLaterTurn(fn),
    advance,
    settle,
    pending: () => timers.size,
  };
};
