import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CHART = fileURLToPath(new URL('../../deploy/helm/order-pipeline', import.meta.url));
/** Whether what the broker logs is written, and to where. */
const KAFKA_CONFIG = fileURLToPath(new URL('../../docker/kafka', import.meta.url));
const COMMAND_LIMIT_MS = 900_000;
const LOOK_LIMIT_MS = 10_000;
const run = promisify(execFile);

/** Where everything of the test is: the system by its chart, and what it needs. */
export const NAMESPACE = 'order-pipeline-test';
const DATA_NAMESPACE = 'order-pipeline-test-data';
export const RELEASE = 'shop';
export const FULLNAME = `${RELEASE}-order-pipeline`;

/** The image of the services, which the nodes have or can pull. */
const IMAGE = process.env['IMAGE'] ?? 'order-pipeline:latest';

const answers = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args, { stdio: 'ignore', timeout: LOOK_LIMIT_MS }).status === 0;

/** Whether a cluster reports what its pods use of the processor. */
export const hasMetrics = (): boolean =>
  answers('kubectl', 'get', '--raw', '/apis/metrics.k8s.io/v1beta1/nodes');

const execute = async (program: string, args: readonly string[], input?: string): Promise<string> => {
  const running = run(program, args, { timeout: COMMAND_LIMIT_MS, maxBuffer: 64 * 1_048_576 });
  running.child.stdin?.end(input ?? '');
  const { stdout } = await running;
  return stdout;
};

/** Runs `kubectl` in the namespace of the system, and answers what it prints. */
export const kubectl = (...args: readonly string[]): Promise<string> =>
  execute('kubectl', ['--namespace', NAMESPACE, ...args]);

const inData = (...args: readonly string[]): Promise<string> =>
  execute('kubectl', ['--namespace', DATA_NAMESPACE, ...args]);

/** A file beside this one, with the names of this run. */
const fileOf = async (name: string, node: string): Promise<string> => {
  const text = await readFile(new URL(name, import.meta.url), 'utf8');
  const names: Readonly<Record<string, string>> = { DATA_NAMESPACE, NAMESPACE, IMAGE, NODE: node };
  return text.replace(/\b(?:DATA_NAMESPACE|NAMESPACE|IMAGE|NODE)\b/g, (found) => names[found] ?? found);
};

const apply = (text: string): Promise<string> => execute('kubectl', ['apply', '--filename', '-'], text);

const namespaceOf = (name: string, level: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': level } },
  });

const databaseSecret = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `order-pipeline-${name}`, namespace: NAMESPACE },
    stringData: { uri: `postgresql://${name}:${name}@postgres.${DATA_NAMESPACE}:5432/${name}` },
  });

interface ClusterNode {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly unschedulable?: boolean;
    readonly taints?: readonly { readonly effect: string }[];
  };
}

const takesPods = ({ spec: { unschedulable = false, taints = [] } }: ClusterNode): boolean =>
  !unschedulable && taints.every(({ effect }) => effect === 'PreferNoSchedule');

/** The nodes that take pods: on the first one everything is that stays, the second one is what happens to the system. */
export const findNodes = async (): Promise<readonly [string, string]> => {
  const { items } = JSON.parse(await kubectl('get', 'nodes', '--output', 'json')) as { items: ClusterNode[] };
  const names = items.filter(takesPods).map(({ metadata }) => metadata.name);
  const [staying, other] = names;
  if (!staying || !other) throw new Error(`The cluster needs two nodes, and has ${names.join(', ')}`);
  return [staying, other];
};

/** Starts PostgreSQL, Kafka and a pod for clients on a node, in namespaces of their own. */
export const startData = async (node: string): Promise<void> => {
  await removeAll();
  await apply(namespaceOf(DATA_NAMESPACE, 'baseline'));
  await apply(namespaceOf(NAMESPACE, 'restricted'));
  await inData('create', 'configmap', 'kafka', `--from-file=${KAFKA_CONFIG}`);
  await apply(await fileOf('data.yaml', node));
  for (const name of ['users', 'inventory', 'orders']) await apply(databaseSecret(name));
  const program = fileURLToPath(new URL('clients.mjs', import.meta.url));
  await kubectl('create', 'configmap', 'clients', `--from-file=${program}`);
  await apply(await fileOf('clients.yaml', node));
  await kubectl('wait', '--for=condition=Ready', 'pod/clients', '--timeout=3m');
  for (const name of ['postgres', 'kafka'])
    await inData('rollout', 'status', `statefulset/${name}`, '--timeout=3m');
};

/** Removes all that a run has made. */
export const removeAll = async (): Promise<void> => {
  const namespaces = [NAMESPACE, DATA_NAMESPACE];
  // Those of a node that was killed would be waited for until the cluster gives it up.
  for (const namespace of namespaces)
    await execute('kubectl', ['delete', 'pods', '--all', '-n', namespace, '--force', '--grace-period=0']);
  await execute('kubectl', ['delete', 'namespace', ...namespaces, '--ignore-not-found', '--timeout=5m']);
};

/** Installs the chart, or upgrades it, with values beside those of the test, and waits until all of it is ready. */
export const install = async (...values: readonly string[]): Promise<void> => {
  const [, repository = IMAGE, tag = 'latest'] = /^(.*):([^:/]+)$/.exec(IMAGE) ?? [];
  const settings = [`image.repository=${repository}`, `image.tag=${tag}`, ...values];
  const options = settings.flatMap((value) => ['--set', value]);
  const file = await fileOf('values.yaml', '');
  const command = ['upgrade', '--install', RELEASE, CHART, '--namespace', NAMESPACE, '--values', '-'];
  await execute('helm', [...command, ...options, '--wait', '--timeout', '10m'], file);
};

/** Waits until every Deployment of the system has all its pods, as they are to be. */
export const settled = async (): Promise<void> => {
  await kubectl(
    'rollout',
    'status',
    'deployment',
    '-l',
    `app.kubernetes.io/instance=${RELEASE}`,
    '--timeout=10m',
  );
};

let audits = 0;

/** Runs the audit of the chart. @throws Error with its report where it found something */
export const audit = async (): Promise<void> => {
  audits += 1;
  const job = `audit-${audits}`;
  await kubectl('create', 'job', `--from=cronjob/${FULLNAME}-audit`, job);
  const done = kubectl('wait', '--for=condition=Complete', `job/${job}`, '--timeout=5m');
  await done.catch(async (error: unknown) => {
    throw new Error(`The audit failed:\n${await kubectl('logs', `job/${job}`)}`, { cause: error });
  });
};
