// `pnpm test`: everything. `pnpm test embedded|containers|compose [jest's arguments]`: one of the runs.
//
// embedded    every test but the compose ones, on the embedded PostgreSQL and the in-memory broker
// containers  those whose subject the broker or the database is, the same tests, on real Kafka and PostgreSQL
// compose     docker-compose.yml itself
//
// The last two need a Docker daemon; without one their tests are reported as skipped, by name.
import { dockerAnswers, startContainers, type Containers } from './test/containers.ts';
import { runJest, type Counts } from './test/jest.ts';

interface Run {
  readonly name: string;
  /** The arguments for jest that choose the tests. */
  readonly choose: readonly string[];
  readonly needsDocker: boolean;
  readonly start?: () => Promise<Containers>;
}

const COMPOSE_TESTS = '<rootDir>/test/compose/';

const RUNS: readonly Run[] = [
  { name: 'embedded', choose: ['--testPathIgnorePatterns', COMPOSE_TESTS], needsDocker: false },
  {
    name: 'containers',
    choose: [
      '--maxWorkers=1',
      '--testPathPatterns',
      'packages/messaging/',
      'services/(?!api-gateway|orders-facade)',
      'test/system/',
    ],
    needsDocker: true,
    start: startContainers,
  },
  { name: 'compose', choose: ['--maxWorkers=1', '--testPathPatterns', 'test/compose/'], needsDocker: true },
];

/** A pattern that no test's name matches: jest reports them all as skipped, by name, and runs none of their hooks. */
const SKIP_ALL = ['--testNamePattern', '^(?!)', '--verbose'];

const execute = async (run: Run, docker: boolean, extra: readonly string[]): Promise<Counts> => {
  const skipped = run.needsDocker && !docker;
  console.log(`\n=== ${run.name}${skipped ? ' (skipped: no Docker daemon answers)' : ''} ===`);
  const containers = skipped ? undefined : await run.start?.();
  try {
    return await runJest(
      [...run.choose, ...(skipped ? SKIP_ALL : []), ...extra],
      containers?.environment ?? {},
    );
  } finally {
    await containers?.stop();
  }
};

const [first = '', ...rest] = process.argv.slice(2);
const chosen = RUNS.filter(({ name }) => name === first);
const extra = chosen.length > 0 ? rest : process.argv.slice(2);
const docker = await dockerAnswers();
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
for (const run of chosen.length > 0 ? chosen : RUNS) {
  const counts = await execute(run, docker, extra);
  console.log(`${run.name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || total.passed + total.skipped === 0 ? 1 : 0;
