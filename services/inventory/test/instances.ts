import { createPrismaAdapter } from '@order-pipeline/service-kit';
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
