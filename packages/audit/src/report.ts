/** Every invariant that is looked at; the name of its check. */
export const INVARIANTS = {
  stock: 'stocked = available + reserved + consumed for each item, none below zero, as its reservations say',
  reservations: 'every order has a reservation of its own, and none is held or consumed without an order',
  cancellations: 'every cancelled order released its stock, once',
  abandoned: 'no order was stored with an abandoned reservation',
  archive: 'every archived order is in one file, as it was stored, and no longer in the database',
  histories: 'every history is a path of the state machine that ends in the status of its order',
  counts: 'the stored counts of orders by status are those of the orders',
  users: 'the user of every order exists',
  progress: 'no order stays in a status for longer than its limit',
  outbox: 'the outbox is empty or draining, and announces only what has happened',
  events: 'every transition has its event and every event its transition',
  'dead letters': 'every message of a DLQ is stored as a dead letter, with its reason',
} as const;

export type CheckName = keyof typeof INVARIANTS;

/** One thing to look at. */
export interface Example {
  readonly id: string;
  readonly detail?: string;
}

/** One kind of violation: how often it was found, and the first ids of it. */
export interface Violation {
  /** A constant sentence on what is wrong. */
  readonly problem: string;
  readonly count: number;
  /** The first of them, as many as were asked for at most. */
  readonly examples: readonly Example[];
}

/** What came of one invariant. */
export interface Check {
  readonly name: CheckName;
  readonly invariant: string;
  /** How many of `unit` were looked at. */
  readonly checked: number;
  readonly unit: string;
  readonly violations: readonly Violation[];
  /** What is worth knowing and no violation. */
  readonly notes: readonly string[];
  /** Why it, or a part of it, could not be looked at. A check with this says nothing about that part. */
  readonly notChecked?: string;
}

export interface AuditReport {
  readonly checks: readonly Check[];
  /** No violation was found; what is `notChecked` is not known to be right. */
  readonly clean: boolean;
}

/** Collects violations, keeping the first ids of each kind only, so that any number of them takes no more memory. */
export interface Findings {
  add(problem: string, example: Example): void;
  /** Adds what a part was found to have. */
  addAll(violations: readonly Violation[]): void;
  list(): readonly Violation[];
}

export const createFindings = (exampleCount: number): Findings => {
  const found = new Map<string, { count: number; examples: Example[] }>();
  const addMany = ({ problem, count, examples }: Violation): void => {
    const kind = found.get(problem) ?? { count: 0, examples: [] };
    kind.count += count;
    kind.examples.push(...examples.slice(0, exampleCount - kind.examples.length));
    found.set(problem, kind);
  };
  return {
    add: (problem, example) => addMany({ problem, count: 1, examples: [example] }),
    addAll: (violations) => violations.forEach(addMany),
    list: () => [...found].map(([problem, kind]) => ({ problem, ...kind })),
  };
};

export const checkOf = (
  name: CheckName,
  result: Pick<Check, 'checked' | 'unit' | 'violations'> &
    Partial<Pick<Check, 'invariant' | 'notes' | 'notChecked'>>,
): Check => ({ name, invariant: INVARIANTS[name], notes: [], ...result });

/** A check that could not be made at all. */
export const notChecked = (name: CheckName, reason: string): Check =>
  checkOf(name, { checked: 0, unit: '', violations: [], notChecked: reason });

export const reportOf = (checks: readonly Check[]): AuditReport => ({
  checks,
  clean: checks.every(({ violations }) => violations.length === 0),
});

const linesOf = ({ name, violations }: Check): string[] =>
  violations.map(({ problem, count, examples }) => {
    const ids = examples.map(({ id, detail }) => (detail === undefined ? id : `${id} (${detail})`));
    return `${name}: ${problem}, ${count} times: ${ids.join('; ')}`;
  });

/** Every violation in a line, for tests: none for a clean report. */
export const violationLines = ({ checks }: AuditReport): string[] => checks.flatMap(linesOf);

/** @throws Error with every violation, when there is one */
export const assertClean = (report: AuditReport): void => {
  const lines = violationLines(report);
  if (lines.length > 0) throw new Error(`The audit found violations:\n${lines.join('\n')}`);
};
