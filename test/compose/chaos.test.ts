import { test } from '@jest/globals';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import { defineChaosTests } from './chaos.ts';
import { auditCompose } from './compose.ts';
import { defineDatabaseChaosTests } from './database-chaos.ts';
import { useStack } from './stack.ts';

const stack = useStack(async () => ({ settings: { RATE_LIMIT: 'off' } }));

defineChaosTests(stack);

defineDatabaseChaosTests(stack);

test(
  'after all the chaos, the audit finds no violation',
  async () => {
    await eventually(() => auditCompose(stack().compose, 30_000), { timeoutMs: 3 * MINUTE_MS });
  },
  5 * MINUTE_MS,
);
