import { describe, expect, test } from '@jest/globals';
import { createBoundedLook, MAX_PASSED, type BoundedLook, type IndexPart } from '@order-pipeline/service-kit';

/** What a statement takes at most: one that passes more runs into its limit. */
const STATEMENT_LIMIT = 6 * MAX_PASSED;
/** By a look and by the part with which it reaches its end. */
const MOST_PASSED = 1.25 * MAX_PASSED;
/** As many entries as three looks may pass, and a part of a fourth. */
const MANY = 3.5 * MAX_PASSED;

/** How many of the times, which are in order, are at most `until`. */
const countUpTo = (times: readonly number[], until: number): number => {
  let [from, to] = [0, times.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((times[middle] ?? 0) <= until) from = middle + 1;
    else to = middle;
  }
  return from;
};

/** An index, of which each part is read by a statement that passes the entries of dead rows as well. */
const createIndex = (dead: readonly number[], ...rows: number[]) => {
  let runs = [dead];
  let passed = 0;
  const parts: IndexPart[] = [];
  const read = async (part: IndexPart) => {
    parts.push(part);
    const { after, until } = part;
    const found = rows.filter((at) => at > after && at <= until);
    const deadWithin = runs.map((run) => countUpTo(run, until) - countUpTo(run, after));
    const entries = deadWithin.reduce((sum, count) => sum + count, found.length);
    passed += entries;
    if (entries > STATEMENT_LIMIT) throw new Error('the statement took too long');
    return { found, passed: entries };
  };
  return {
    add: (...more: readonly number[]): void => void rows.push(...more),
    addDead: (more: readonly number[]): void => void runs.push(more),
    vacuum: (): void => {
      runs = [];
    },
    read,
    parts,
    /** Looks; answers the times that were found, and how many entries were passed. */
    look: async (look: BoundedLook, until: number) => {
      passed = 0;
      const found = await look.run(until, read);
      return { found: [...new Set(found)].toSorted((a, b) => a - b), passed };
    },
  };
};

type Index = ReturnType<typeof createIndex>;

const START = Date.UTC(2026, 0, 1);
const dead = (count: number, from: number, stepMs: number): number[] =>
  Array.from({ length: count }, (_, n) => from + n * stepMs);

const createLook = () => createBoundedLook(Date.UTC(2020, 0, 1), 60_000);

/** Looks until something was found; answers how many looks that took, and the most that one of them passed. */
const lookFor = async (index: Index, look: BoundedLook, at: number, until: number, atMost = 20) => {
  let most = 0;
  for (let looks = 1; looks <= atMost; looks += 1) {
    const { found, passed } = await index.look(look, until);
    most = Math.max(most, passed);
    if (found.includes(at)) return { looks, most };
  }
  return { looks: Infinity, most };
};

test('where few entries are passed, a look reads all in one statement', async () => {
  const index = createIndex(dead(MAX_PASSED - 2, START + 1, 1), START, START + MAX_PASSED);
  const look = createLook();
  for (let turn = 0; turn < 3; turn += 1)
    expect((await index.look(look, START + 1e9)).found).toEqual([START, START + MAX_PASSED]);
  const all = { after: -Infinity, until: START + 1e9, isNewest: true };
  expect(index.parts).toEqual([all, all, all]);
  expect(look.front()).toBe(-Infinity);
});

describe.each([1, 40, 3_600_000])('with dead entries %i ms apart', (stepMs) => {
  const until = START + MANY * stepMs + 1_000;

  /** A look that has passed all of them once. */
  const open = async () => {
    const index = createIndex(dead(MANY, START, stepMs));
    const look = createLook();
    await index.look(look, until);
    expect(look.front()).toBe(until);
    // It learns where they are.
    for (let turn = 0; turn < 16; turn += 1) await index.look(look, until);
    return { index, look };
  };

  test('a look passes no more than it may, however many there are', async () => {
    const { index, look } = await open();
    for (let turn = 0; turn < 12; turn += 1)
      expect((await index.look(look, until)).passed).toBeLessThan(MOST_PASSED);
    index.addDead(dead(MANY, START, stepMs));
    for (let turn = 0; turn < 24; turn += 1) await index.look(look, until);
    for (let turn = 0; turn < 12; turn += 1)
      expect((await index.look(look, until)).passed).toBeLessThan(MOST_PASSED);
  });

  test('what comes of age is found by the next look', async () => {
    const { index, look } = await open();
    for (let turn = 1; turn < 6; turn += 1) {
      index.add(until + turn, until + turn + 10_000);
      expect((await index.look(look, until + turn)).found).toContain(until + turn);
    }
  });

  test.each([0, 0.1, 0.5, 0.9, 1])(
    'what is put there late, %d of the way, is found by a pass',
    async (part) => {
      const { index, look } = await open();
      for (let turn = 0; turn < 3; turn += 1) {
        await index.look(look, until);
        const at = START + Math.floor(MANY * part) * stepMs - turn - 1;
        index.add(at);
        const { looks, most } = await lookFor(index, look, at, until);
        expect(looks).toBeLessThan(10);
        expect(most).toBeLessThan(MOST_PASSED);
      }
    },
  );

  test('what is older than any clock that is right is found as well', async () => {
    const { index, look } = await open();
    index.add(7);
    expect((await lookFor(index, look, 7, until)).looks).toBeLessThan(10);
  });

  test('once the dead entries are removed, a look reads all again', async () => {
    const { index, look } = await open();
    index.add(START);
    index.vacuum();
    await lookFor(index, look, START, until);
    for (let turn = 0; turn < 3; turn += 1) await index.look(look, until);
    expect(look.front()).toBe(-Infinity);
    expect((await index.look(look, until)).found).toEqual([START]);
  });

  test('where the clock is set back, what comes of age by it is found by the next look', async () => {
    const { index, look } = await open();
    const back = until - 7_200_000;
    await index.look(look, back);
    index.add(back + 5);
    expect((await index.look(look, back + 4)).found).not.toContain(back + 5);
    expect((await index.look(look, back + 5)).found).toContain(back + 5);
  });

  test('where the clock was ahead for a while, nothing that is new is missed afterwards', async () => {
    const { index, look } = await open();
    await index.look(look, until + 1e10);
    await index.look(look, until + 1);
    index.add(until + 2);
    expect((await index.look(look, until + 2)).found).toContain(until + 2);
  });
});

test('where one statement cannot read all, as at a start, it is read in parts', async () => {
  const many = 2 * STATEMENT_LIMIT;
  const index = createIndex(dead(many, START, 1), START - 1);
  const look = createLook();
  const until = START + many + 10;
  await expect(index.look(look, until)).rejects.toThrow('took too long');
  expect((await lookFor(index, look, START - 1, until)).looks).toBeLessThan(20);
});

test('a part that cannot be read is read as several, and nothing of it is missed', async () => {
  // Nothing for a year, so that parts have become wide, and then more than a statement reads.
  const many = 2 * STATEMENT_LIMIT;
  const index = createIndex(dead(many, START, 1), START - 1);
  const until = START + 31_536_000_000;
  const look = createLook();
  await expect(index.look(look, until)).rejects.toThrow('took too long');
  let failed = 0;
  let isFound = false;
  for (let turn = 0; turn < 100 && !isFound; turn += 1) {
    try {
      isFound = (await index.look(look, until)).found.includes(START - 1);
    } catch {
      failed += 1;
    }
  }
  expect(isFound).toBe(true);
  expect(failed).toBeLessThan(8);
});

test('what is new and could not be read is left to the parts', async () => {
  const index = createIndex(dead(MANY, START, 1));
  const look = createLook();
  await index.look(look, START + MANY);
  index.add(START + MANY + 1);
  index.addDead(dead(STATEMENT_LIMIT + 1, START + MANY + 1, 1));
  const until = START + MANY + 2 * STATEMENT_LIMIT;
  await expect(index.look(look, until)).rejects.toThrow('took too long');
  expect((await lookFor(index, look, START + MANY + 1, until, 40)).looks).toBeLessThan(40);
});

test('what a statement left at its end is read again before anything else', async () => {
  const index = createIndex(dead(MANY, START, 1));
  const look = createLook();
  const until = START + MANY + 100;
  await index.look(look, until);
  const waiting = Array.from({ length: 25 }, (_, n) => until + n + 1);
  waiting.push(...Array.from({ length: 25 }, (_, n) => START + n));
  const taken: number[] = [];
  const take = async (part: IndexPart) => {
    const within = waiting.filter((at) => at > part.after && at <= part.until && !taken.includes(at));
    const found = within.slice(0, 10);
    taken.push(...found);
    const { passed } = await index.read(part);
    return { found, passed, isCut: found.length === 10 };
  };
  for (let turn = 0; turn < 20; turn += 1) await look.run(until + 100, take);
  expect(taken.toSorted((a, b) => a - b)).toEqual(waiting.toSorted((a, b) => a - b));
});
