#!/usr/bin/env node
import process from 'node:process';
import { parseArgs } from 'node:util';
import { createCluster } from './index.ts';

// `memory-kafka`: a cluster in a process of its own, for clients in any language.

const HELP = `Usage: memory-kafka [options]

A Kafka broker in memory. It keeps nothing over a restart, and asks nobody who they are.

  --port <number>               where it listens (9092; 0 is a free one)
  --host <address>              which addresses reach it (127.0.0.1: this machine alone; 0.0.0.0: everybody)
  --advertised <host:port>      what clients connect to, where that is another address
  --partitions <number>         of a topic that is made on demand (1)
  --retention-ms <number>       age at which messages of topics without a retention of their own are dropped (never)
  --retention-bytes <number>    what a partition of such a topic keeps (everything)
  --help                        this text
`;

const number = { type: 'string' } as const;

const OPTIONS = {
  port: { ...number, default: '9092' },
  host: { type: 'string' },
  advertised: { type: 'string' },
  partitions: { ...number, default: '1' },
  'retention-ms': number,
  'retention-bytes': number,
  help: { type: 'boolean', default: false },
} as const;

const wholeNumber = (name: string, text: string, min: number): number => {
  if (!/^\d+$/.test(text) || Number(text) < min)
    throw new TypeError(`--${name} ${text} is no number from ${min} on`);
  return Number(text);
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return void process.stdout.write(HELP);
  const limit = (name: 'retention-ms' | 'retention-bytes'): number =>
    values[name] === undefined ? Infinity : wholeNumber(name, values[name], 1);
  const cluster = createCluster({
    autoCreatePartitions: wholeNumber('partitions', values.partitions, 1),
    retention: { ms: limit('retention-ms'), bytes: limit('retention-bytes') },
  });
  const { host, advertised } = values;
  const listener = await cluster.listen(wholeNumber('port', values.port, 0), {
    ...(host !== undefined && { host }),
    ...(advertised !== undefined && { advertised }),
  });
  process.stdout.write(`memory-kafka listens for clients of ${listener.brokers.join(',')}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void listener.close());
};

main().catch((error: unknown) => {
  process.stderr.write(`memory-kafka: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
