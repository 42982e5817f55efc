import { createRuntime } from '@order-pipeline/service-kit';
import type { Reader } from '../src/database.ts';
import { DEFAULT_LIMITS } from '../src/index.ts';

/** What the checks get of an audit of a system that runs, without Kafka. */
export const CONTEXT = {
  kafka: undefined,
  kafkaMissing: '',
  runtime: createRuntime(),
  limits: DEFAULT_LIMITS,
  exampleCount: 5,
  timesOf: async (reader: Reader) => {
    const now = await reader.now();
    return { now, asOf: now };
  },
};
