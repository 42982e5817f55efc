import { exec } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import { withOrders } from './clients.ts';
import {
  audit,
  findNodes,
  FULLNAME,
  hasMetrics,
  install,
  kubectl,
  RELEASE,
  removeAll,
  settled,
  startData,
} from './cluster.ts';

// `npx -y pnpm test kubernetes`, by hand: the chart on a cluster of two nodes or more, as docs/deployment.md says. Every test leaves the
// system for the next one.

const TEST_LIMIT_MS = 20 * MINUTE_MS;
/** Of a hundred requests at most so many may be answered 503 while operators do what they do. Nodes short of processor need more. */
const MAX_REFUSED_PERCENT = Number(process.env['MAX_REFUSED_PERCENT'] ?? 1);
/** A command of the shell that kills the node `$NODE` at once, as a loss of power would. */
const KILL_NODE = process.env['KILL_NODE'];

let nodes: readonly [string, string];

beforeAll(async () => {
  nodes = await findNodes();
  await startData(nodes[0]);
}, TEST_LIMIT_MS);

afterAll(async () => {
  if (process.env['KEEP_NAMESPACES'] === undefined) await removeAll();
}, TEST_LIMIT_MS);

/** What happened to a system at which orders came in, for docs/guarantees.md. */
const record = async (figures: Readonly<Record<string, unknown>>): Promise<void> => {
  const file = process.env['KUBERNETES_REPORT'];
  if (file) await appendFile(file, `${JSON.stringify(figures)}\n`);
};

/** Lets it happen while orders come in: whatever was acknowledged is delivered, and the audit finds nothing. */
const endure = async (what: string, happen: () => Promise<void>) => {
  const { tries, acknowledged, refused, connectionErrors, unexpected, lost } = await withOrders(happen);
  const broken = Object.values(connectionErrors).reduce((sum, count) => sum + count, 0);
  await record({ what, tries, acknowledged, refused, broken });
  expect({ unexpected, lost }).toEqual({ unexpected: [], lost: [] });
  expect(acknowledged).toBeGreaterThan(0);
  await audit();
  return { connectionErrors, refusedPercent: (100 * refused) / tries };
};

/** The same for what operators do: clients notice next to nothing of it. */
const endureCalmly = async (what: string, happen: () => Promise<void>): Promise<void> => {
  const { connectionErrors, refusedPercent } = await endure(what, happen);
  expect(connectionErrors).toEqual({});
  expect(refusedPercent).toBeLessThanOrEqual(MAX_REFUSED_PERCENT);
};

const DEPLOYMENTS = ['deployment', '-l', `app.kubernetes.io/instance=${RELEASE}`];

test(
  'an empty cluster gets a system that takes orders',
  async () => {
    await install();
    await endureCalmly('installed', async () => {
      await settled();
    });
  },
  TEST_LIMIT_MS,
);

test(
  'all pods are replaced: nothing is lost, no connection breaks',
  async () => {
    await endureCalmly('every pod replaced (rollout restart)', async () => {
      await kubectl('rollout', 'restart', ...DEPLOYMENTS);
      await settled();
    });
  },
  TEST_LIMIT_MS,
);

test(
  'a node is drained: nothing is lost, no connection breaks',
  async () => {
    const [, node] = nodes;
    const draining = endureCalmly('a node drained', async () => {
      const ours = `--pod-selector=app.kubernetes.io/instance=${RELEASE}`;
      await kubectl('drain', node, ours, '--ignore-daemonsets', '--timeout=10m');
      await settled();
    });
    await draining.finally(() => kubectl('uncordon', node));
  },
  TEST_LIMIT_MS,
);

test(
  'an upgrade with other settings migrates first and replaces all pods: nothing is lost, no connection breaks',
  async () => {
    await endureCalmly('upgraded with other settings, after its migration', async () => {
      await install('settings.LOG_LEVEL=warn');
    });
    const level = await kubectl(
      'get',
      'configmap',
      `${FULLNAME}-orders`,
      '--output',
      'jsonpath={.data.LOG_LEVEL}',
    );
    expect(level).toBe('warn');
  },
  TEST_LIMIT_MS,
);

(hasMetrics() ? test : test.skip)(
  'under load there are more pods of orders: nothing is lost, no connection breaks',
  async () => {
    const autoscaling = 'services.orders.autoscaling';
    await endureCalmly('more pods of orders under load (HorizontalPodAutoscaler)', async () => {
      const few = ['minReplicas=2', 'maxReplicas=4', 'targetCPUUtilizationPercentage=20', 'enabled=true'];
      await install('settings.LOG_LEVEL=warn', ...few.map((value) => `${autoscaling}.${value}`));
      const replicas = ['--output', 'jsonpath={.status.readyReplicas}'];
      await eventually(
        async () => {
          const ready = await kubectl('get', 'deployment', `${FULLNAME}-orders`, ...replicas);
          expect(Number(ready)).toBeGreaterThan(2);
        },
        { timeoutMs: 10 * MINUTE_MS },
      );
    });
  },
  TEST_LIMIT_MS,
);

(KILL_NODE === undefined ? test.skip : test)(
  'a node is lost, and no order with it',
  async () => {
    const [, node] = nodes;
    await endure('a node killed', async () => {
      await promisify(exec)(KILL_NODE ?? '', { env: { ...process.env, NODE: node } });
      await kubectl('wait', '--for=condition=Ready=Unknown', `node/${node}`, '--timeout=5m');
      await settled();
    });
  },
  TEST_LIMIT_MS,
);
