import { expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@order-pipeline/contracts';
import { useFixture } from '@order-pipeline/testing/fixtures';
import { runSeed, type SeedResult } from '../src/run-seed.ts';
import { DEPENDENCY_FAULTS } from '../src/world/fault-names.ts';
import { startRealServer } from '../src/world/database/real-database.ts';

const server = useFixture(startRealServer, (started) => started.stop());

const LIMIT_MS = 120_000;
/** In it tokens are taken, refused, and not verified for want of keys. */
const SEED_WITH_ACCESS = 7;
/** In it orders are archived while others are placed. */
const SEED_WITH_ARCHIVE = 11;

const run = async (
  seed: number,
  options: { isCalm?: boolean; hasTraces?: boolean; instances?: number } = {},
) => {
  const lines: string[] = [];
  const result = await runSeed({ seed, server, write: (line) => void lines.push(line), ...options });
  return { result, lines };
};

const faultsOf = ({ faults }: SeedResult): number =>
  Object.values(faults).reduce((sum, count) => sum + count, 0);

test(
  'when nothing goes wrong, every order is delivered or cancelled, and every promise is kept',
  async () => {
    const { result } = await run(4, { isCalm: true });
    expect(result.findings).toEqual([]);
    expect(faultsOf(result)).toBe(0);
    const { DELIVERED = 0, CANCELLED = 0, stored } = result.orders;
    expect(DELIVERED).toBeGreaterThan(5);
    expect(DELIVERED + CANCELLED).toBe(stored);
  },
  LIMIT_MS,
);

test.each([2, 13])(
  'with much going wrong, every promise is kept as well (seed %i)',
  async (seed) => {
    const { result } = await run(seed);
    expect(result.findings).toEqual([]);
    expect(faultsOf(result)).toBeGreaterThan(30);
    expect(result.healedAfterMs).toBeLessThan(120_000);
  },
  LIMIT_MS,
);

test(
  'dependencies refuse what is fine, by name, and every promise is kept as well',
  async () => {
    const { result, lines } = await run(5);
    expect(Object.keys(result.faults)).toEqual(expect.arrayContaining([...DEPENDENCY_FAULTS]));
    expect(lines.join('\n')).toMatch(/read-only for \d+ ms: (?:users|inventory|orders)/);
    expect(result.findings).toEqual([]);
  },
  LIMIT_MS,
);

test(
  'fifty instances share the work, and every promise is kept as well',
  async () => {
    const { result, lines } = await run(3, { instances: 50 });
    const started = new Set(lines.flatMap((line) => / (\S+) +listens$/.exec(line)?.slice(1) ?? []));
    expect(started.size).toBe(50);
    expect(new Set([...started].map((slot) => slot.split('.')[0]))).toEqual(new Set(SERVICE_NAMES));
    expect(faultsOf(result)).toBeGreaterThan(30);
    expect(result.findings).toEqual([]);
  },
  LIMIT_MS,
);

test.each([
  ['without access control', 5],
  ['with access control', SEED_WITH_ACCESS],
  ['with an archive', SEED_WITH_ARCHIVE],
])(
  'a seed goes the second time as it went the first time, event by event (%s)',
  async (_, seed) => {
    const [first, second] = [await run(seed), await run(seed)];
    expect(first.lines.length).toBeGreaterThan(500);
    expect(second.lines).toEqual(first.lines);
    expect(second.result).toEqual(first.result);
  },
  LIMIT_MS,
);

test(
  'with access control clients get in, strangers do not, and every promise is kept as well',
  async () => {
    const { result, lines } = await run(SEED_WITH_ACCESS);
    const text = lines.join('\n');
    for (const answer of ['201 to POST /api/orders', '401 to', '403 to']) expect(text).toContain(answer);
    expect(text).toContain('fetches https://issuer.example/keys');
    expect(result.findings).toEqual([]);
  },
  LIMIT_MS,
);

test.each([2, SEED_WITH_ACCESS])(
  'traces change nothing: with them a seed goes as without them, event by event (seed %i)',
  async (seed) => {
    const [without, traced] = [await run(seed, { hasTraces: false }), await run(seed, { hasTraces: true })];
    expect(without.result.spans).toBe(0);
    expect(traced.result.spans).toBeGreaterThan(100);
    expect(traced.lines).toEqual(without.lines);
    expect({ ...traced.result, spans: 0 }).toEqual(without.result);
  },
  LIMIT_MS,
);

test(
  'other seeds have other faults',
  async () => {
    const [first, second] = [await run(6), await run(7)];
    expect(first.result.faults).not.toEqual(second.result.faults);
  },
  LIMIT_MS,
);
