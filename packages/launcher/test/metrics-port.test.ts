import { expect, test } from '@jest/globals';
import { planSystem } from '../src/plan.ts';
import { ownDataDir, startHere } from './system-harness.ts';

ownDataDir();

const statusAt = async (url: string): Promise<number> => (await fetch(url)).status;

test('with METRICS_PORT the metrics are there, and no longer on the public port', async () => {
  const { url, metricsUrl } = await startHere({ METRICS_PORT: '0' });
  expect(metricsUrl).not.toBe(url);
  expect(await statusAt(`${url}/metrics`)).toBe(404);
  const answer = await fetch(`${metricsUrl}/metrics`);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('service_ready{service="orders"} 1');
  // Nothing of what clients ask, nor of what services ask one another.
  for (const path of ['/api/orders', '/docs', '/console/', '/ops/dead-letters', '/'])
    expect([path, await statusAt(`${metricsUrl}${path}`)]).toEqual([path, 404]);
  expect(await statusAt(`${url}/health/ready`)).toBe(200);
  expect(await statusAt(`${metricsUrl}/health/live`)).toBe(200);
});

test('without it they are on the one port', async () => {
  const { url, metricsUrl } = await startHere();
  expect(metricsUrl).toBe(url);
  expect(await statusAt(`${url}/metrics`)).toBe(200);
});

test('METRICS_PORT is a port', () => {
  expect(() => planSystem([], { METRICS_PORT: '70000' })).toThrow(/METRICS_PORT/);
  expect(planSystem([], { METRICS_PORT: '9464' }).metricsPort).toBe(9464);
  expect(planSystem([], {}).metricsPort).toBeUndefined();
});
