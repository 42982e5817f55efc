import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@order-pipeline/contracts';
import { ALERT_GROUPS, FOLDER } from '@order-pipeline/observability';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import type { Stack } from './stack.ts';
import { QUERIES, readJson, type Monitoring } from './monitoring.ts';
import { askJaeger } from './jaeger.ts';
import { setUpLoad } from './load.ts';
import type { Viewer } from './traces.ts';

const WAIT = { timeoutMs: 2 * MINUTE_MS };
const PROMETHEUS = 'prom/prometheus:v3.13.1';

interface Target {
  readonly labels: { readonly job: string };
  readonly health: string;
}

interface Rule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What there is nothing of while all is well: no trouble, no standby, no replica, no archive; and services that talk in the clear. */
const EMPTY_PANELS = [
  'overview: Stuck orders',
  'overview: Orders refused by load shedding, a second',
  'overview: Overdue for archiving',
  'overview: For how long the oldest is overdue',
  'overview: Time since an archive succeeded',
  'overview: Runs, and files that were taken back',
  'overview: Archived orders and files',
  'overview: Size of the archive',
  'service: Life of certificates that is left',
  'service: Answers with 5xx a second',
  'service: Connections that were ended, a second',
  'kafka: Events published again, a second',
  'kafka: Waiting for an operator',
  'kafka: New ones in ten minutes',
  'postgresql: Lag of the slowest standby',
  'postgresql: Reads of the replica, by what came of them',
];

/**
 * Prometheus and Alertmanager beside the system: what they see of it, and the alerts that fire when something happens to it.
 *
 * @param parts the system that runs, started with the settings of `monitoring`
 */
export const defineObservabilityTests = (
  parts: () => Stack & { readonly monitoring: Monitoring; readonly viewer: Viewer },
): void => {
  const firing = async (): Promise<FiringAlert[]> =>
    (await readJson(`${parts().monitoring.alertmanager}/api/v2/alerts?active=true`)) as FiringAlert[];
  const names = async (): Promise<string[]> =>
    (await firing()).map(({ labels: { alertname = '', job = '' } }) => `${alertname} ${job}`.trim());

  test(
    'each alert fires when it has to, and not otherwise',
    async () => {
      const folder = fileURLToPath(new URL('prometheus/', FOLDER));
      const mount = ['--volume', `${folder}:/rules:ro`, '--workdir', '/rules'];
      const { compose } = parts();
      const tool = ['run', '--rm', ...mount, '--entrypoint', 'promtool', PROMETHEUS];
      expect(await compose.docker(...tool, 'test', 'rules', 'rules.test.yml')).toContain('SUCCESS');
      expect(await compose.docker(...tool, 'check', 'rules', 'rules.yml')).toContain('SUCCESS');
    },
    3 * MINUTE_MS,
  );

  test(
    'Prometheus reaches every service, and nobody reaches the metrics from outside',
    async () => {
      const { compose, gateway, monitoring } = parts();
      await compose.run(
        '--profile',
        'metrics',
        'up',
        '--wait',
        '--no-recreate',
        'prometheus',
        'alertmanager',
      );
      const instances = (await compose.containers()).filter(
        ({ Service, State }) => Service === 'orders-facade' && State === 'running',
      );
      await eventually(async () => {
        const { data } = (await readJson(`${monitoring.prometheus}/api/v1/targets`)) as {
          data: { activeTargets: Target[] };
        };
        const up = data.activeTargets.filter(({ health }) => health === 'up');
        expect(new Set(up.map(({ labels }) => labels.job))).toEqual(new Set(SERVICE_NAMES));
        const facades = data.activeTargets.filter(({ labels }) => labels.job === 'orders-facade');
        // Each instance once, although it is in two networks.
        expect(facades).toHaveLength(instances.length);
      }, WAIT);
      expect((await gateway.get('/metrics')).status).toBe(404);
    },
    3 * MINUTE_MS,
  );

  test(
    'every rule can be evaluated, and every panel of every dashboard has data',
    async () => {
      const { gateway, monitoring } = parts();
      const { place, settled } = await setUpLoad(gateway);
      await eventually(async () => {
        const orderIds = await place(5);
        await gateway.get(`/api/orders/${orderIds[0]}?until=DELIVERED&wait=60`);
        await settled(orderIds);
        const { data } = (await readJson(`${monitoring.prometheus}/api/v1/rules`)) as {
          data: { groups: { rules: Rule[] }[] };
        };
        const rules = data.groups.flatMap((group) => group.rules);
        const alerts = Object.values(ALERT_GROUPS).flat();
        expect(rules.length).toBeGreaterThan(alerts.length);
        expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
        const empty: string[] = [];
        for (const { panel, expr } of QUERIES) {
          const query = new URLSearchParams({ query: expr });
          const answer = (await readJson(`${monitoring.prometheus}/api/v1/query?${query.toString()}`)) as {
            data: { result: unknown[] };
          };
          if (answer.data.result.length === 0 && !EMPTY_PANELS.includes(panel)) empty.push(panel);
        }
        expect(empty).toEqual([]);
      }, WAIT);
    },
    4 * MINUTE_MS,
  );

  test.each([
    ['the time of placements', 'http_request_duration_seconds_bucket{service="api-gateway",method="POST"}'],
    ['the time of deliveries', 'order_delivery_duration_seconds_bucket'],
  ])(
    'from %s there is a way to the trace of an order',
    async (_, query) => {
      const { gateway, monitoring, viewer } = parts();
      const { place, settled } = await setUpLoad(gateway);
      const jaeger = askJaeger(viewer.url);
      await settled(await place(1));
      await eventually(async () => {
        const now = Date.now() / 1_000;
        const asked = new URLSearchParams({ query, start: String(now - 600), end: String(now) });
        const { data } = (await readJson(
          `${monitoring.prometheus}/api/v1/query_exemplars?${asked.toString()}`,
        )) as { data: { exemplars: { labels: { trace_id: string } }[] }[] };
        const ids = data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id));
        const traces = await Promise.all([...new Set(ids)].map((traceId) => jaeger.trace(traceId)));
        expect(traces.flat().map(({ name }) => name)).toContain('place order');
      }, WAIT);
    },
    3 * MINUTE_MS,
  );

  test(
    'a poison message, a worker that is gone and Kafka that is gone reach the operators',
    async () => {
      const { compose, gateway } = parts();
      const { place, allDelivered } = await setUpLoad(gateway);
      const expected = ['DeadLettersOpen', 'ServiceDown shipping', 'KafkaUnreachable'];
      expect((await names()).filter((name) => expected.includes(name))).toEqual([]);
      const producer = '/opt/kafka/bin/kafka-console-producer.sh --bootstrap-server kafka:9092';
      await compose.run(
        'exec',
        '-T',
        'kafka',
        'bash',
        '-c',
        `echo nonsense | ${producer} --topic ORDER_PROCESSING`,
      );
      await eventually(async () => expect(await names()).toContain('DeadLettersOpen'), WAIT);

      await compose.run('kill', 'shipping');
      await eventually(async () => expect(await names()).toContain('ServiceDown shipping'), WAIT);
      await compose.run('stop', '--timeout', '1', 'kafka');
      await eventually(async () => expect(await names()).toContain('KafkaUnreachable'), WAIT);
      for (const { annotations } of await firing()) {
        expect(annotations['summary']).not.toMatch(/<error|\{\{/);
        expect(annotations['runbook_url']).toMatch(/^docs\/runbooks\/[a-z-]+\.md$/);
      }

      await compose.run('up', '--detach', '--wait', '--no-recreate', 'kafka', 'shipping');
      await allDelivered(await place(3));
      await eventually(async () => {
        // The dead letter still waits for them.
        expect((await names()).filter((name) => expected.includes(name))).toEqual(['DeadLettersOpen']);
      }, WAIT);
    },
    10 * MINUTE_MS,
  );
};
