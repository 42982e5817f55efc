import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { firstMessageOf } from './first-message.ts';
import { createMemorySide } from './sides.ts';

// What only a fresh process can show; prints one number.

const MESSAGES = 1_000_000;
const BATCH = 1_000;
const VALUE_BYTES = 200;
const MIB = 2 ** 20;

/** Resident memory, in MiB, that a million messages of 200 bytes take beside what the process had before. */
const holdAMillion = async (): Promise<number> => {
  const producer = createMemorySide().connect().producer();
  await producer.connect();
  global.gc?.();
  const before = process.memoryUsage.rss();
  for (let sent = 0; sent < MESSAGES; sent += BATCH) {
    const messages = Array.from({ length: BATCH }, () => ({ value: randomBytes(VALUE_BYTES) }));
    await producer.send({ topic: 'held', messages });
  }
  global.gc?.();
  const held = (process.memoryUsage.rss() - before) / MIB;
  await producer.disconnect();
  return held;
};

const MEASURES: Readonly<Record<string, () => Promise<number>>> = {
  hold: holdAMillion,
  first: firstMessageOf(),
};

const measure = MEASURES[process.argv[2] ?? ''];
if (!measure) throw new Error(`no such measure: ${process.argv[2]}`);
console.log(await measure());
