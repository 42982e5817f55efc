import { readFile, writeFile } from 'node:fs/promises';
import { HOUR_MS, FAILPOINTS } from '@order-pipeline/service-kit';
import type { Hunt } from '@order-pipeline/sim/hunt.ts';
import { format, resolveConfig } from 'prettier';
import { freshSentence } from './fresh.ts';
import { NOT_PROMISED, PROMISES } from './promises.ts';
import { INSTANCES, type GuaranteesRecord } from './record.ts';

const FILE = new URL('../../../docs/guarantees.md', import.meta.url);

const table = (headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  [headings, headings.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const count = (value: number): string => value.toLocaleString('en-US');

const simulationSection = ({ simulation }: GuaranteesRecord): string[] => {
  if (!simulation) return ['Not run yet: `pnpm guarantees simulation`.'];
  const { at, figures } = simulation;
  const { seeds, failures, virtualMs, realMs, longestHealingMs } = figures;
  const broken = failures.map(({ seed }) => seed).join(', ');
  return [
    `\`pnpm sim --seeds ${seeds}\`, ${at}: ${(virtualMs / HOUR_MS).toFixed(1)} hours of simulated time in ${Math.round(realMs / 1_000)} s; the longest healing took ${Math.round(longestHealingMs / 1_000)} simulated seconds; ${failures.length === 0 ? 'every promise was kept' : `promises were broken by the seeds ${broken}`}.`,
    table(
      ['fault', 'times'],
      Object.entries(figures.faults).map(([kind, times]) => [kind, count(times)]),
    ),
  ];
};

const instancesSentence = ({ instances }: GuaranteesRecord): string => {
  if (!instances) return 'Many instances: not run yet, `npx -y pnpm guarantees instances`.';
  const { at, figures } = instances;
  const { seeds, failures, orders, faults } = figures;
  const injected = Object.values(faults).reduce((sum, times) => sum + times, 0);
  const broken = failures.map(({ seed }) => seed).join(', ');
  return `With ${INSTANCES} instances, spread over the services as the seed says (\`npx -y pnpm sim --seeds ${seeds} --instances ${INSTANCES}\`, ${at}): ${count(injected)} faults, ${count(orders['stored'] ?? 0)} orders; ${failures.length === 0 ? 'every promise was kept' : `promises were broken by the seeds ${broken}`}.`;
};

/** Every crash point of the code with every service that came there, and those that nobody came to. */
const crashPointRows = ({ simulation }: GuaranteesRecord): string[][] =>
  Object.entries(FAILPOINTS).flatMap(([point, state]) => {
    const hits = (simulation?.figures.crashPoints ?? []).filter((hit) => hit.point === point);
    if (hits.length === 0) return [[`\`${point}\``, state, '', '0', '0']];
    return hits.map(({ service, reached, crashed }) => [
      `\`${point}\``,
      state,
      service,
      count(reached),
      count(crashed),
    ]);
  });

const seedCell = (hunt: Hunt | undefined): string => {
  if (!hunt) return 'not run yet';
  return hunt.seed === undefined ? '**survived**' : String(hunt.seed);
};

const mutantSection = (record: GuaranteesRecord): string[] => {
  const { mutants, 'fresh-mutants': fresh } = record;
  if (!mutants) return ['Not run yet: `npx -y pnpm guarantees mutants`.'];
  const foundOf = (figures: readonly Hunt[]): string =>
    `${figures.filter(({ seed }) => seed !== undefined).length} of ${figures.length} found`;
  const onFresh = fresh ? `; on fresh seeds, ${fresh.at}: ${foundOf(fresh.figures)}` : '';
  return [
    `\`npx -y pnpm mutants\`, ${mutants.at}: ${foundOf(mutants.figures)}${onFresh}. A seed that only does not come to its end does not count.`,
    table(
      ['bug that was planted', 'found by seed', 'by fresh seed', 'promises that it broke'],
      mutants.figures.map((hunt) => [
        `${hunt.name}: ${hunt.bug}`,
        seedCell(hunt),
        seedCell(fresh?.figures.find(({ name }) => name === hunt.name)),
        hunt.promises.join('; '),
      ]),
    ),
  ];
};

const dockerSection = ({ docker }: GuaranteesRecord): string[] => {
  if (!docker) return ['Not run yet: `pnpm guarantees docker`.'];
  return [
    `\`npx -y pnpm test stacks test/compose/chaos\`, ${docker.at}: docker-compose.yml on Apache Kafka and PostgreSQL, orders placed all the while; afterwards every acknowledged order is DELIVERED, and the audit clean.`,
    table(
      ['fault', 'processes killed', 'orders acknowledged meanwhile'],
      docker.figures.map(({ what, kills, acknowledged }) => [what, count(kills), count(acknowledged)]),
    ),
  ];
};

const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

const clusterSection = ({ cluster }: GuaranteesRecord): string[] => {
  if (!cluster) return ['Not run yet: `npx -y pnpm guarantees cluster`.'];
  return [
    `\`npx -y pnpm test stacks test/compose/cluster\`, ${cluster.at}: docker-compose.cluster.yml, orders placed through both gateways all the while; afterwards every acknowledged order is DELIVERED, and the audit clean.`,
    table(
      [
        'fault',
        'answered 201',
        'answered 503',
        'without an answer',
        'longest time without a 201',
        'longest time without a delivery',
      ],
      cluster.figures.map((figures) => [
        figures.what,
        count(figures.acknowledged),
        count(figures.refused),
        count(figures.unanswered),
        inSeconds(figures.longestSilenceMs),
        inSeconds(figures.longestStandstillMs),
      ]),
    ),
  ];
};

const kubernetesSection = ({ kubernetes }: GuaranteesRecord): string[] => {
  if (!kubernetes) return ['Not run yet: `npx -y pnpm guarantees kubernetes`.'];
  const note = kubernetes.note === undefined ? '' : ` ${kubernetes.note}`;
  return [
    `\`npx -y pnpm test kubernetes\`, ${kubernetes.at}: the Helm chart on a cluster of two nodes, with Apache Kafka and PostgreSQL; orders are placed all the while through the Service of the gateway, and what is refused or broken off is sent again under the same id. Afterwards every acknowledged order is DELIVERED, and the audit clean. No request may break off, unless a node is killed. One is answered 503 where a call between services takes longer than it may, as on nodes that are short of processor; at most \`MAX_REFUSED_PERCENT\` of a hundred may be.${note}`,
    table(
      ['what happened', 'orders acknowledged meanwhile', 'requests for them', 'answered 503', 'broken off'],
      kubernetes.figures.map(({ what, acknowledged, tries, refused, broken }) => [
        what,
        ...[acknowledged, tries, refused, broken].map(count),
      ]),
    ),
  ];
};

const pageOf = (record: GuaranteesRecord): string =>
  [
    '# Guarantees',
    'Written by `pnpm guarantees`, with the figures of its last runs ([guarantees.json](guarantees.json)); not by hand.',
    table(
      ['promise', 'how it is tested', 'last figures'],
      PROMISES.map(({ promise, tested, figures }) => [promise, tested, figures(record)]),
    ),
    '## What is not promised',
    NOT_PROMISED.map((sentence) => `- ${sentence}`).join('\n'),
    '## The simulation',
    'All eight services in one process, each as a simulated process of its own, on the in-memory broker and a real PostgreSQL, in simulated time. The seed decides what clients do and what goes wrong; then all faults end, and the system has to heal.',
    ...simulationSection(record),
    instancesSentence(record),
    freshSentence(record.fresh?.figures ?? []),
    '## Crash points',
    'Every place where a crash would hurt (`packages/service-kit/src/failpoints.ts`), who came there in the simulation, and who was killed there.',
    table(
      ['point', 'what has happened by then', 'service', 'came there', 'died there'],
      crashPointRows(record),
    ),
    '## Bugs planted on purpose',
    'A test that cannot fail shows nothing: each of these bugs is planted in a copy of the tree, and the simulation has to find it.',
    ...mutantSection(record),
    '## On Docker',
    ...dockerSection(record),
    '## On a cluster',
    ...clusterSection(record),
    '## On Kubernetes',
    ...kubernetesSection(record),
    '',
  ].join('\n\n');

/** Writes docs/guarantees.md from the figures, laid out as prettier would. */
export const writePage = async (record: GuaranteesRecord): Promise<void> => {
  const options = (await resolveConfig(FILE)) ?? {};
  const text = await format(pageOf(record), { ...options, parser: 'markdown' });
  const before = await readFile(FILE, 'utf8').catch(() => '');
  if (text !== before) await writeFile(FILE, text);
};
