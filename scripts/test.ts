// `pnpm test`: everything. `pnpm test <run> [paths] [jest's options]`: one of these runs, or a part.
//
// embedded    every test that needs no Docker, on the embedded PostgreSQL and the in-memory broker
// conformance what kafkajs does on a real Kafka, and memory-kafka does as well, by itself and behind a port: the same tests;
//             and Kafka's console tools at that port
// containers  those whose subject the broker or the database is, the same tests, on real Kafka and PostgreSQL
// lone-containers  the one of them that needs a Kafka of its own
// compose     docker-compose.yml itself
// stacks      the same under chaos, as a cluster that loses parts, with access control, without Java, and watched by Prometheus
//             and Jaeger; Kafka with ACLs
// chart       what helm makes of the chart in deploy/helm; without helm and kubernetes-validate its tests are reported as skipped
// kubernetes  the chart on a cluster of Kubernetes, by `pnpm test kubernetes` alone; without a cluster that kubectl and helm reach its
//             tests are reported as skipped
//
// Those from conformance to stacks need a Docker daemon; without one their tests are reported as skipped, by name.
import { availableParallelism } from 'node:os';
import { startPostgresOfWorkers } from '@order-pipeline/testing';
import { clusterAnswers } from './test/cluster.ts';
import { conformanceGap } from './test/conformance.ts';
import {
  dockerAnswers,
  startConformanceContainers,
  startPipelineContainers,
  type Containers,
} from './test/containers.ts';
import { runJest, type Counts, type Report } from './test/jest.ts';

/** What there may be beside the project, and what is said where it is not. */
const NEEDS = {
  docker: { isThere: dockerAnswers, missing: 'no Docker daemon answers' },
  cluster: { isThere: clusterAnswers, missing: 'no Kubernetes cluster answers kubectl and helm' },
};
type Need = keyof typeof NEEDS;

interface Run {
  readonly name: string;
  /** Patterns of the test files, where none are asked for; none here means all. */
  readonly paths: readonly string[];
  readonly options: readonly string[];
  readonly needs?: Need;
  /** It is run only when its name is given. */
  readonly byHand?: boolean;
  readonly start?: () => Promise<Containers>;
  /** Looks at the whole once more, and answers how many failures that adds. */
  readonly review?: (report: Report) => number;
}

/** One more than cores: two would leave a quarter of two cores idle, since many tests wait for time to pass. */
const WORKERS = Math.min(availableParallelism() + 1, 8);

/**
 * Each has a Kafka of its own, and waits for it more than it computes. With one more than cores, services that place a hundred orders
 * at once run into their limits of time now and then.
 */
const CONTAINER_WORKERS = Math.min(availableParallelism(), 4);

const COMPOSE_TESTS = '<rootDir>/test/compose/';
const KUBERNETES_TESTS = '<rootDir>/test/kubernetes/';
const CHART_TESTS = 'tools/helm/test/(chart|settings)';
const CONFORMANCE_TESTS = 'packages/memory-kafka/test/conformance-';
const CONSOLE_TOOLS_TEST = 'packages/memory-kafka/test/clients/console-tools';

/** Its message does not come again in time where the topics hold those of all other tests; why is not known yet. */
const LONE_TEST = 'test/consumer/late-commits';

const RUNS: readonly Run[] = [
  {
    name: 'embedded',
    paths: [],
    options: [
      `--maxWorkers=${WORKERS}`,
      '--testPathIgnorePatterns',
      COMPOSE_TESTS,
      `${CONFORMANCE_TESTS}(kafka|tcp)`,
      CONSOLE_TOOLS_TEST,
      CHART_TESTS,
      KUBERNETES_TESTS,
    ],
    start: () => startPostgresOfWorkers(WORKERS),
  },
  {
    name: 'conformance',
    paths: [CONFORMANCE_TESTS, CONSOLE_TOOLS_TEST],
    // The real Kafka, and the others beside it.
    options: ['--maxWorkers=2', '--forceExit'],
    needs: 'docker',
    start: startConformanceContainers,
    review: conformanceGap,
  },
  {
    name: 'containers',
    // Not the one that makes its whole server read-only: test/compose does that to a server in a container.
    paths: [
      `packages/messaging/(?!${LONE_TEST})`,
      'services/(?!api-gateway|orders-facade)',
      'test/system/(?!read-only)',
    ],
    // Clients of kafkajs that have given up may keep a socket for a while.
    options: [`--maxWorkers=${CONTAINER_WORKERS}`, '--forceExit'],
    needs: 'docker',
    start: () => startPipelineContainers(CONTAINER_WORKERS),
  },
  {
    name: 'lone-containers',
    paths: [LONE_TEST],
    options: ['--maxWorkers=1', '--forceExit'],
    needs: 'docker',
    start: () => startPipelineContainers(1),
  },
  // Its requests may not fail: nothing else takes the processor meanwhile.
  { name: 'compose', paths: ['test/compose/compose'], options: ['--maxWorkers=1'], needs: 'docker' },
  // They wait more than they compute: a stack each, two at a time.
  { name: 'stacks', paths: ['test/compose/(?!compose)'], options: ['--maxWorkers=2'], needs: 'docker' },
  // At the end: .ci/run builds helm meanwhile.
  { name: 'chart', paths: [CHART_TESTS], options: ['--maxWorkers=1'] },
  {
    name: 'kubernetes',
    paths: ['test/kubernetes/'],
    options: ['--maxWorkers=1'],
    needs: 'cluster',
    byHand: true,
  },
];

/** A pattern that no test's name matches: jest reports them all as skipped, by name, and runs none of their hooks. */
const SKIP_ALL = ['--testNamePattern', '^(?!)', '--verbose'];

const isOption = (argument: string): boolean => argument.startsWith('-');

const argumentsFor = (run: Run, skipped: boolean, asked: readonly string[]): string[] => {
  const askedPaths = asked.filter((argument) => !isOption(argument));
  const paths = askedPaths.length > 0 ? askedPaths : run.paths;
  return [
    ...asked.filter(isOption),
    ...run.options,
    ...(skipped ? SKIP_ALL : []),
    ...(paths.length > 0 ? ['--testPathPatterns', ...paths] : []),
  ];
};

/** Whether what it needs is there; asked once. */
const answers = new Map<Need, Promise<boolean>>();
const isThere = (need: Need): Promise<boolean> => {
  const known = answers.get(need) ?? NEEDS[need].isThere();
  answers.set(need, known);
  return known;
};

const execute = async (run: Run, asked: readonly string[]): Promise<Counts> => {
  const skipped = run.needs !== undefined && !(await isThere(run.needs));
  console.log(
    `\n=== ${run.name}${skipped && run.needs ? ` (skipped: ${NEEDS[run.needs].missing})` : ''} ===`,
  );
  const containers = skipped ? undefined : await run.start?.();
  try {
    const report = await runJest(argumentsFor(run, skipped, asked), containers?.environment ?? {});
    const added = skipped ? 0 : (run.review?.(report) ?? 0);
    return { ...report.counts, failed: report.counts.failed + added };
  } finally {
    await containers?.stop();
  }
};

const [first = '', ...rest] = process.argv.slice(2);
const chosen = RUNS.filter(({ name }) => name === first);
const asked = chosen.length > 0 ? rest : process.argv.slice(2);
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
for (const run of chosen.length > 0 ? chosen : RUNS.filter(({ byHand }) => !byHand)) {
  const counts = await execute(run, asked);
  console.log(`${run.name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || total.passed + total.skipped === 0 ? 1 : 0;
