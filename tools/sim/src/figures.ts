import type { Finding } from './findings.ts';
import type { SeedResult } from './run-seed.ts';
import type { CrashPointCount } from './world/tally.ts';

/** What a run of seeds came to; what is written to the file of `--json`. */
export interface Figures {
  readonly from: number;
  readonly seeds: number;
  readonly failures: readonly { readonly seed: number; readonly findings: readonly Finding[] }[];
  readonly virtualMs: number;
  readonly realMs: number;
  readonly longestHealingMs: number;
  readonly orders: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly crashPoints: readonly CrashPointCount[];
}

type Counts = Readonly<Record<string, number>>;

const sum = (counts: readonly Counts[]): Counts => {
  const total = new Map<string, number>();
  for (const [name, count] of counts.flatMap((one) => Object.entries(one)))
    total.set(name, (total.get(name) ?? 0) + count);
  return Object.fromEntries([...total].toSorted(([a], [b]) => (a < b ? -1 : 1)));
};

const sumPoints = (counts: readonly CrashPointCount[]): CrashPointCount[] => {
  const total = new Map<string, CrashPointCount>();
  for (const count of counts) {
    const key = `${count.point} ${count.service}`;
    const { reached = 0, crashed = 0 } = total.get(key) ?? {};
    total.set(key, { ...count, reached: reached + count.reached, crashed: crashed + count.crashed });
  }
  return [...total].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
};

export const figuresOf = (results: readonly SeedResult[], from: number, realMs: number): Figures => ({
  from,
  seeds: results.length,
  failures: results
    .filter(({ findings }) => findings.length > 0)
    .map(({ seed, findings }) => ({ seed, findings })),
  virtualMs: results.reduce((total, { virtualMs }) => total + virtualMs, 0),
  realMs: Math.round(realMs),
  longestHealingMs: Math.max(0, ...results.map(({ healedAfterMs }) => healedAfterMs)),
  orders: sum(results.map(({ orders }) => orders)),
  faults: sum(results.map(({ faults }) => faults)),
  crashPoints: sumPoints(results.flatMap(({ crashPoints }) => crashPoints)),
});
