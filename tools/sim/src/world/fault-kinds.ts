import type { FaultKind } from './fault-names.ts';
import type { Stream } from './streams.ts';
import type { World } from './world.ts';

/** Faults that strike at moments of their own. */
export interface FaultKinds<K extends FaultKind> {
  /** Where their chances come from: no other fault shifts them. */
  readonly name: string;
  readonly kinds: readonly K[];
  /** How many of the seeds have one kind. */
  readonly shareOfSeeds: number;
  readonly maxPerKind: number;
  readonly strike: (kind: K, stream: Stream) => void;
}

const FIRST_MS = 500;

/** Lets faults strike at moments that the seed says, until all faults are healed. */
export const scheduleFaultKinds = <K extends FaultKind>(
  { time, streams, faultInjector, tally, trace }: World,
  lengthMs: number,
  { name, kinds, shareOfSeeds, maxPerKind, strike }: FaultKinds<K>,
): void => {
  for (const kind of kinds) {
    const stream = streams(`${name}/${kind}`);
    const count = stream.chance(shareOfSeeds) ? stream.integer(1, maxPerKind) : 0;
    const moments = Array.from({ length: count }, () => Math.floor(stream.between(FIRST_MS, lengthMs)));
    for (const afterMs of moments) {
      time.after(afterMs, () => {
        if (faultInjector.isHealed()) return;
        tally.fault(kind);
        trace('fault', kind);
        strike(kind, stream);
      });
    }
  }
};
