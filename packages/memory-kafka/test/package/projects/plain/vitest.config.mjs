import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias: { kafkajs: '@order-pipeline/memory-kafka' } },
        test: { name: 'alias', include: ['vitest/by-alias.test.mjs'] },
      },
      { test: { name: 'vi.mock', include: ['vitest/mocked.test.mjs'] } },
      {
        resolve: { alias: { kafkajs: '@order-pipeline/memory-kafka' } },
        test: {
          name: 'register',
          include: ['vitest/registered.test.mjs'],
          setupFiles: ['@order-pipeline/memory-kafka/register'],
        },
      },
    ],
  },
});
