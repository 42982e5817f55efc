import { expect, test } from '@jest/globals';
import { FAILPOINTS, type Failpoint } from '@order-pipeline/service-kit';
import { useFixture } from '@order-pipeline/testing/fixtures';
import { runSeed } from '../src/run-seed.ts';
import { startRealServer } from '../src/world/database/real-database.ts';

const server = useFixture(startRealServer, (started) => started.stop());

/** Within so many seeds every point is come to by everybody who can. */
const MAX_SEEDS = 40;
const ENOUGH_DEATHS = 2;
/** From here on many orders are closed early enough to be archived before the faults end. */
const FIRST_SEED_OF_ARCHIVE = 501;
const LIMIT_MS = 300_000;

const POINTS = Object.keys(FAILPOINTS) as Failpoint[];

test.each(POINTS)(
  'killed at %s again and again, the system heals, every promise is kept and the audit is clean',
  async (target) => {
    let deaths = 0;
    const isOfArchive = target.startsWith('archive.');
    const first = isOfArchive ? FIRST_SEED_OF_ARCHIVE : 1;
    for (let seed = first; seed < first + MAX_SEEDS && deaths < ENOUGH_DEATHS; seed += 1) {
      const hasArchive = isOfArchive || undefined;
      const { findings, crashPoints } = await runSeed({ seed, server, target, hasArchive });
      expect({ seed, findings }).toEqual({ seed, findings: [] });
      for (const { point, crashed } of crashPoints) if (point === target) deaths += crashed;
    }
    expect(deaths).toBeGreaterThanOrEqual(ENOUGH_DEATHS);
  },
  LIMIT_MS,
);
