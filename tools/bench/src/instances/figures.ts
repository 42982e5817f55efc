import type { Correctness } from '../correctness/correctness.ts';
import { toldByTheSystem } from '../orders/turn.ts';
import type { Figure, Target } from '../report/report.ts';
import type { Cost, Idle } from './turns.ts';

/** What an order took in each system, in the order of `instances`. */
export interface Round {
  readonly paced: readonly Cost[];
  readonly full: readonly Cost[];
}

export interface Measured {
  /** How many each system has, the baseline first. */
  readonly instances: readonly number[];
  readonly rounds: readonly Round[];
  readonly idle: readonly Idle[];
  readonly correctness: Correctness;
}

/** What two instances and what eight may take; nothing where it only informs. */
type Bounds = readonly [two: Target, eight: Target];

/** What an order may take of what is counted, by the way in which orders come. */
const BOUNDS: Readonly<Record<keyof Round, Readonly<Partial<Record<keyof Cost, Bounds>>>>> = {
  paced: {
    transactions: [{ below: 6 }, { below: 6 }],
    wal: [{ timesAtMost: 1.15 }, { timesAtMost: 1.15 }],
    messages: [{ below: 4.05 }, { below: 4.05 }],
  },
  full: {
    transactions: [{ below: 1.1 }, { below: 2 }],
    wal: [{ timesAtMost: 1.15 }, { timesAtMost: 1.15 }],
    messages: [{ below: 4.05 }, { below: 4.05 }],
  },
};

/** Idle instances may add so much to the transactions of one. */
const IDLE_BOUNDS: Bounds = [{ timesAtMost: 1.2 }, { timesAtMost: 1.8 }];

interface Row {
  readonly name: string;
  readonly unit: string;
  /** For each system its values, round by round. */
  readonly values: readonly (readonly number[])[];
  readonly bounds?: Bounds | undefined;
}

const US_PER_MS = 1_000;

/** What an order takes, or how many are placed, by the way in which they come. */
const loadRows = (rounds: readonly Round[], load: keyof Round, where: string): Row[] => {
  const row = (name: string, counter: keyof Cost, unit: string, times = 1): Row => ({
    name: `${name}, ${where}`,
    unit,
    values: (rounds[0]?.[load] ?? []).map((_, side) =>
      rounds.map((round) => (round[load][side]?.[counter] ?? Number.NaN) * times),
    ),
    bounds: BOUNDS[load][counter],
  });
  return [
    row('transactions an order', 'transactions', 'transactions'),
    row('WAL an order', 'wal', 'B'),
    row('messages an order', 'messages', 'messages'),
    row('processor time an order, services', 'services', 'µs', US_PER_MS),
    row('processor time an order, PostgreSQL', 'postgres', 'µs', US_PER_MS),
    row('orders placed', 'rate', 'orders/s'),
    row('connections to PostgreSQL', 'connections', 'connections'),
  ];
};

const idleRows = (idle: readonly Idle[]): Row[] => {
  const row = (name: string, counter: keyof Idle, unit: string): Row => ({
    name: `${name}, idle`,
    unit,
    values: idle.map((one) => [one[counter]]),
  });
  return [
    { ...row('transactions a second', 'transactions', 'transactions/s'), bounds: IDLE_BOUNDS },
    row('processor time a second, services', 'services', 'ms/s'),
    row('processor time a second, PostgreSQL', 'postgres', 'ms/s'),
  ];
};

/** What two and eight instances take, held against what one takes. */
export const figuresOf = ({ instances, rounds, idle, correctness }: Measured): Figure[] => {
  const rows = [
    ...loadRows(rounds, 'paced', 'at an even pace'),
    ...loadRows(rounds, 'full', 'at full speed'),
    ...idleRows(idle),
  ];
  return toldByTheSystem(
    rows.flatMap(({ name, unit, values, bounds }: Row) =>
      values.slice(1).map((result, index): Figure => ({
        name: `${name}, ${instances[index + 1]} instances`,
        unit,
        result,
        baseline: { name: 'one', values: values[0] ?? [] },
        target: bounds?.[index] ?? { reported: true },
        correctness,
      })),
    ),
  );
};
