import {
  actionsSettings,
  createBatcher,
  defineService,
  mapTransientErrors,
  openDatabase,
  startActionsTrimming,
} from '@order-pipeline/service-kit';
import { z } from 'zod';
import { PrismaClient } from './generated/client.ts';
import { createUsersRoutes } from './routes.ts';
import { createUsersStore } from './store.ts';

const MIGRATIONS = new URL('../../../prisma/users/migrations/', import.meta.url);
/** Registrations in one statement, and statements at once; they leave connections for those who read. */
const MAX_BATCH_SIZE = 200;
const MAX_CONCURRENT_BATCHES = 4;

/** Registers and reads users; the only one to reach their database. */
export const usersService = defineService({
  name: 'users',
  settings: z.object(actionsSettings),
  database: 'users',
  migrations: MIGRATIONS,
  usesKafka: false,
  dependsOn: [],
  callTimeoutMs: 1_200,
  start: async (context) => {
    const { runtime, closers } = context;
    const database = await openDatabase(
      context,
      'users',
      MIGRATIONS,
      (adapter) => new PrismaClient({ adapter, errorFormat: 'minimal' }),
    );
    const store = mapTransientErrors(createUsersStore(database));
    const registrations = createBatcher({
      runtime,
      maxSize: MAX_BATCH_SIZE,
      maxConcurrent: MAX_CONCURRENT_BATCHES,
      run: store.registerUsers,
    });
    closers.add('registrations', () => registrations.drain());
    const trimming = startActionsTrimming({ ...context, sql: database });
    closers.add('trimming of operator actions', () => trimming.stop());
    return { routes: createUsersRoutes({ store, registrations, runtime }) };
  },
});
