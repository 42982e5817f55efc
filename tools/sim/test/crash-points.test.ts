import { expect, test } from '@jest/globals';
import { FAILPOINTS, type Failpoint } from '@order-pipeline/service-kit';
import { useFixture } from '@order-pipeline/testing/fixtures';
import { runSeed } from '../src/run-seed.ts';
import { startRealServer } from '../src/world/database/real-database.ts';

const server = useFixture(startRealServer, (started) => started.stop());

/** Within so many seeds every point is come to by everybody who can. */
const MAX_SEEDS = 40;
const ENOUGH_DEATHS = 2;
const LIMIT_MS = 300_000;

const POINTS = Object.keys(FAILPOINTS) as Failpoint[];

test.each(POINTS)(
  'killed at %s again and again, the system heals, every promise is kept and the audit is clean',
  async (target) => {
    let deaths = 0;
    for (let seed = 1; seed <= MAX_SEEDS && deaths < ENOUGH_DEATHS; seed += 1) {
      const { findings, crashPoints } = await runSeed({
        seed,
        server,
        target,
        ...(target.startsWith('archive.') ? { hasArchive: true } : {}),
      });
      expect({ seed, findings }).toEqual({ seed, findings: [] });
      for (const { point, crashed } of crashPoints) if (point === target) deaths += crashed;
    }
    expect(deaths).toBeGreaterThanOrEqual(ENOUGH_DEATHS);
  },
  LIMIT_MS,
);
