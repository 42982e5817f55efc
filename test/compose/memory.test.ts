import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { createGateway, type Gateway } from '../gateway.ts';
import { auditCompose, createCompose, type Compose } from './compose.ts';
import { setUpLoad } from './load.ts';

// docker-compose.memory.yml: the services' own image is the broker, and nothing of Java runs.

let compose: Compose;
let gateway: Gateway;

beforeAll(async () => {
  compose = await createCompose({ WORKFLOW_INTERVAL_MS: '500', RATE_LIMIT: 'off' }, [
    'docker-compose.memory.yml',
  ]);
  gateway = createGateway(compose.url);
  await compose.run('up', '--build', '--wait', '--quiet-pull');
}, 10 * MINUTE_MS);

afterAll(async () => {
  await gateway?.close();
  await compose?.run('down', '--volumes', '--timeout', '10');
}, 2 * MINUTE_MS);

test(
  'orders walk to DELIVERED, through a broker that is a process of Node.js',
  async () => {
    const { place, allDelivered } = await setUpLoad(gateway);
    const orderIds = await place(20);
    expect(orderIds).toHaveLength(20);
    await allDelivered(orderIds);
    const processes = await compose.run('top', 'kafka');
    expect(processes).toMatch(/memory-kafka\/src\/cli\.ts/);
    expect(processes).not.toMatch(/java/);
  },
  4 * MINUTE_MS,
);

test('the audit finds its topics, and no violation', () => auditCompose(compose, MINUTE_MS), 4 * MINUTE_MS);
