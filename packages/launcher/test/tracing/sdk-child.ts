import { createRequire } from 'node:module';
import { createRuntime } from '@order-pipeline/service-kit';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { planSystem } from '../../src/plan.ts';
import { openTracing } from '../../src/tracing/open-tracing.ts';

// Opens the traces that the environment of this process asks for, and prints how many modules of OpenTelemetry's SDK that loads.

// oxlint-disable-next-line no-restricted-properties -- a process of its own
const { tracing } = planSystem([], process.env);
const parts = { runtime: createRuntime(), logger: pino({ level: 'silent' }), registry: new Registry() };
const { tracerOf, stop } = await openTracing(tracing, parts);
tracerOf('orders').beginRoot({ name: 'work', kind: 'INTERNAL' })?.end();
const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) =>
  /@opentelemetry.(?:sdk-trace|exporter)/.test(file),
);
console.log(loaded.length);
await stop();
