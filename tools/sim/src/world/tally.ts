import type { Failpoint } from '@order-pipeline/service-kit';
import type { ServiceName } from '@order-pipeline/contracts';
import type { FaultKind } from './fault-names.ts';

/** What runs in a process of its own. */
export type ProgramName = ServiceName | 'archive';

export interface CrashPointCount {
  readonly service: ProgramName;
  readonly point: Failpoint;
  /** How often work came there. */
  readonly reached: number;
  /** How often the process died there. */
  readonly crashed: number;
}

/** What happened in simulations, counted. */
export interface Tally {
  fault(kind: FaultKind): void;
  reached(service: ProgramName, point: Failpoint): void;
  crashed(service: ProgramName, point: Failpoint): void;
  faults(): Readonly<Record<string, number>>;
  crashPoints(): readonly CrashPointCount[];
}

const sorted = (counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));

export const createTally = (): Tally => {
  const faults = new Map<string, number>();
  const points = new Map<
    string,
    { service: ProgramName; point: Failpoint; reached: number; crashed: number }
  >();
  const pointOf = (service: ProgramName, point: Failpoint) => {
    const key = `${service} ${point}`;
    const count = points.get(key) ?? { service, point, reached: 0, crashed: 0 };
    points.set(key, count);
    return count;
  };
  return {
    fault: (kind) => void faults.set(kind, (faults.get(kind) ?? 0) + 1),
    reached: (service, point) => void (pointOf(service, point).reached += 1),
    crashed: (service, point) => void (pointOf(service, point).crashed += 1),
    faults: () => sorted(faults),
    crashPoints: () => [...points].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count),
  };
};
