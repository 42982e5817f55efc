import { randomUUID } from 'node:crypto';
import { startWorkerHarness } from '@order-pipeline/testing';
import { workflowService } from '../src/index.ts';

/** A real Kafka takes its time to let a first member into a group, and to miss one that died. */
export const WAIT = { timeoutMs: 25_000 };
export const HOUR_MS = 3_600_000;
/** Short enough for a test, long enough to do something in between. */
export const TURN_MS = 1_000;

export const fresh = (): string => `order-${randomUUID()}`;

/** The workflow service between a broker, whose groups are its own, and a stub of the orders service. */
export const startHarness = async () => {
  const { put, start, ...harness } = await startWorkerHarness(workflowService);
  return {
    ...harness,
    start: (intervalMs: number, sweepIntervalMs = HOUR_MS) =>
      start({
        environment: {
          WORKFLOW_INTERVAL_MS: String(intervalMs),
          WORKFLOW_SWEEP_INTERVAL_MS: String(sweepIntervalMs),
        },
      }),
    /** An order that has just been placed. */
    placed: () => put('PENDING', new Date()),
  };
};

type Started = Awaited<ReturnType<Awaited<ReturnType<typeof startHarness>>['start']>>;

/** How many messages wait in the buffer, as the metrics say. */
export const bufferSize = async ({ registry }: Started): Promise<number> => {
  const text = await registry.getSingleMetricAsString('workflow_buffer_messages');
  return Number(/^workflow_buffer_messages\S* (\d+)$/m.exec(text)?.[1]);
};

/** A date so long ago. */
export const ago = (ms: number): Date => new Date(Date.now() - ms);
