import { FAILPOINTS, type Failpoint } from '@order-pipeline/service-kit';
import { CHANCE_FAULTS, type ChanceFault } from './fault-names.ts';
import type { Stream, Streams } from './streams.ts';
import type { Tally } from './tally.ts';
import type { Trace } from './trace.ts';

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

const isOfArchive = (point: Failpoint): boolean => point.startsWith('archive.');
/** Those of the services. */
const POINTS = (Object.keys(FAILPOINTS) as Failpoint[]).filter((point) => !isOfArchive(point));
const FOCUS_SHARE = 0.25;
/** A run comes to several of its points for each file. */
const ARCHIVE_SHARE = 0.07;
/** Comes only after a death at another point of the archive. */
const TAKEN_BACK: Failpoint = 'archive.afterTakeBackBeforeRemove';
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
  for (const [kind, share] of Object.entries(CHANCE_FAULTS) as [ChanceFault, number][]) {
    shares.set(kind, share * streams(`weather/${kind}`).pick(INTENSITIES));
  }
  // A few points of which the seed wants to know it.
  const focus = [1, 2].map(() => streams('weather/focus').pick(POINTS));
  let isHealed = options.isCalm;
  const share = (kind: ChanceFault): number => (isHealed ? 0 : (shares.get(kind) ?? 0));
  return {
    crashShare: (point) => {
      if (point === target) return TARGET_SHARE;
      if (isOfArchive(point)) return target === TAKEN_BACK ? FOCUS_SHARE : ARCHIVE_SHARE;
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
