import { FAILPOINTS, type Failpoint } from '@order-pipeline/service-kit';
import type { ClockStep } from './clock-steps.ts';
import type { DependencyFault } from './dependency-faults.ts';
import type { Stream, Streams } from './streams.ts';
import type { Tally } from './tally.ts';
import type { Trace } from './trace.ts';

/** Everything that may go wrong by chance, with how often it does where it does: a share of the occasions. */
const SHARES = {
  'http: connection refused': 0.02,
  'http: request lost': 0.015,
  'http: answer lost, connection open': 0.015,
  'http: answer lost, connection reset': 0.02,
  'http: slow': 0.04,
  'database: connection refused': 0.006,
  'database: connection lost before the statement': 0.006,
  'database: connection lost after the statement': 0.006,
  'database: serialization failure': 0.006,
  'database: deadlock': 0.004,
  'database: statement timeout': 0.003,
  'database: slow': 0.01,
  'kafka: slow': 0.03,
  'process: crash at a crash point': 0.02,
  'process: pause at a crash point': 0.06,
} as const;

/** What happens at moments that the seed names beforehand. */
export const SCHEDULED_FAULTS = [
  'process: crash',
  'process: crash of several at once',
  'process: orderly restart',
  'process: stall',
  'process: clock step',
  'database: outage',
  'kafka: broker away',
  'kafka: request refused',
  'kafka: answer lost',
  'kafka: rebalance',
  'kafka: session expired',
  'kafka: delivered again from an older offset',
  'kafka: message published twice',
  'kafka: unflushed messages lost',
  'kafka: everything lost',
  'kafka: unreadable message',
] as const;

export type ChanceFault = keyof typeof SHARES;
export type ScheduledFault = (typeof SCHEDULED_FAULTS)[number];
export type FaultKind = ChanceFault | ScheduledFault | ClockStep | DependencyFault;

/** Decides what goes wrong, and how often, until all faults are healed. */
export interface FaultInjector {
  /** Whether it happens on this occasion; counted and traced when it does. */
  hits(kind: ChanceFault, stream: Stream, who: string, share?: number): boolean;
  /** How often a process dies at this crash point, as a share of the times that it comes there. */
  crashShare(point: Failpoint): number;
  /** Ends all faults for good. */
  healAll(): void;
  isHealed(): boolean;
}

/** A kind is absent from about a third of the seeds, so that those which hide each other show as well. */
const INTENSITIES = [0, 0, 0.4, 1, 1, 2.5] as const;

const POINTS = Object.keys(FAILPOINTS) as Failpoint[];
const FOCUS_SHARE = 0.25;
/** Where one point is what the run is about: often, and still often enough not. */
const TARGET_SHARE = 0.5;

export const createFaultInjector = (options: {
  readonly streams: Streams;
  readonly tally: Tally;
  readonly trace: Trace;
  /** Whether there is no fault in the whole run. */
  readonly isCalm: boolean;
  /** The crash point that the run is about, if it is about one. */
  readonly target?: Failpoint | undefined;
}): FaultInjector => {
  const { streams, tally, trace, target } = options;
  const shares = new Map<ChanceFault, number>();
  for (const [kind, share] of Object.entries(SHARES) as [ChanceFault, number][]) {
    shares.set(kind, share * streams(`weather/${kind}`).pick(INTENSITIES));
  }
  // A few points of which the seed wants to know it.
  const focus = [1, 2].map(() => streams('weather/focus').pick(POINTS));
  let isHealed = options.isCalm;
  const share = (kind: ChanceFault): number => (isHealed ? 0 : (shares.get(kind) ?? 0));
  return {
    crashShare: (point) => {
      if (point === target) return TARGET_SHARE;
      return focus.includes(point) ? FOCUS_SHARE : share('process: crash at a crash point');
    },
    hits: (kind, stream, who, given = share(kind)) => {
      // Drawn in any case: healing shifts no later chance.
      const isHit = stream.chance(given) && !isHealed;
      if (isHit) {
        tally.fault(kind);
        trace(who, kind);
      }
      return isHit;
    },
    healAll: () => {
      isHealed = true;
    },
    isHealed: () => isHealed,
  };
};
