import { AppError, createPrismaAdapter } from '@order-pipeline/service-kit';
import { createTestLogger, createTestRuntime, type TestRuntime } from '@order-pipeline/testing';
import { PrismaClient } from '../src/generated/client.ts';
import { createStore, type InventoryStore } from '../src/store/index.ts';

/** A store as an instance of the service has it, with connections of its own. */
export interface Instance {
  readonly store: InventoryStore;
  readonly runtime: TestRuntime;
  close(): Promise<void>;
}

export const openInstance = (databaseUrl: string): Instance => {
  const runtime = createTestRuntime();
  const client = new PrismaClient({
    adapter: createPrismaAdapter(databaseUrl, 'test', createTestLogger().logger),
  });
  const database = Object.assign(client, { until: () => client, models: () => client });
  return { store: createStore(database, runtime), runtime, close: () => client.$disconnect() };
};

const MAX_TRIES = 100;

/** What a busy machine does not get done in time is tried again, as callers do; all that is asked here may be repeated. */
export const persist = async <T>(
  work: () => Promise<T>,
  isDone: (result: T) => boolean = () => true,
): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      const result = await work();
      if (isDone(result) || tries === MAX_TRIES) return result;
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'UNAVAILABLE') || tries === MAX_TRIES) throw error;
    }
  }
};
