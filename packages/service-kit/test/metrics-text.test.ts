import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { createMetrics } from '../src/index.ts';
import { renderMetrics } from '../src/metrics-text.ts';

const OPEN = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const PLAIN = 'text/plain; version=0.0.4; charset=utf-8';

const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const route = '/api/orders/:orderId';

const create = () => {
  const registry = new Registry();
  const metrics = createMetrics(registry, 'orders');
  metrics.counter('order_status_changes_total').add({ status: 'PENDING' }, 3);
  metrics.gauge('outbox_depth').set({}, 2);
  return { registry, holds: metrics.histogram('http_hold_duration_seconds') };
};

test.each([
  // Prometheus 3 and 2.
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    OPEN,
  ],
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    OPEN,
  ],
  ['application/openmetrics-text', OPEN],
  ['Application/OpenMetrics-Text; Version=1.0.0; Q=0.2, text/html', OPEN],
  ['text/plain;version=0.0.4;q=0.9, application/openmetrics-text;version=1.0.0;q=0.1', PLAIN],
  ['application/openmetrics-text;version=2.0.0, text/plain;q=0.5', PLAIN],
  ['application/openmetrics-text;q=0', PLAIN],
  ['application/openmetrics-text;q=much', PLAIN],
  ['text/html,*/*;q=0.8', PLAIN],
  ['*/*', PLAIN],
  ['', PLAIN],
  [undefined, PLAIN],
])('%s is answered with what it prefers', async (accept, contentType) => {
  expect((await renderMetrics(create().registry, accept)).contentType).toBe(contentType);
});

test('a value of a sampled trace is the exemplar of its bucket, one of any other is none', async () => {
  const { registry, holds } = create();
  holds.observe({ route }, 0.3, { ...trace, sampled: true });
  holds.observe({ route }, 20, trace);
  holds.observe({ route }, 20);
  const { text } = await renderMetrics(registry, OPEN);
  const exemplars = text.split('\n').filter((line) => line.includes(' # {'));
  expect(exemplars).toHaveLength(1);
  expect(exemplars[0]).toMatch(
    /^http_hold_duration_seconds_bucket\{le="0.5",.*\} 1 # \{trace_id="4bf92f3577b34da6a3ce929d0e0e4736",span_id="00f067aa0ba902b7"\} 0\.3 \d+(?:\.\d+)?$/,
  );
  expect(text.endsWith('\n# EOF\n')).toBe(true);
  expect(text).toContain('# TYPE order_status_changes counter\n');
  expect(text).toContain('\norder_status_changes_total{service="orders",status="PENDING"} 3\n');
});

test('plain text is the same before and after somebody has asked for OpenMetrics', async () => {
  const { registry, holds } = create();
  holds.observe({ route }, 0.3, { ...trace, sampled: true });
  const before = await renderMetrics(registry, PLAIN);
  await renderMetrics(registry, OPEN);
  expect(await renderMetrics(registry, PLAIN)).toEqual(before);
  expect(before.text).not.toMatch(/trace_id|EOF/);
  expect(before.text).toContain('# TYPE order_status_changes_total counter\n');
  expect(before.text).toContain('\norder_status_changes_total{service="orders",status="PENDING"} 3\n');
});
