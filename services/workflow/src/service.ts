import { createAdvanceOrders, createMessaging } from '@order-pipeline/messaging';
import { defineService, milliseconds } from '@order-pipeline/service-kit';
import { z } from 'zod';
import { startBuffering } from './consumers.ts';
import { startSweep } from './sweep.ts';

/** Moves placed orders to PROCESSING once their time to be cancelled is over. */
export const workflowService = defineService({
  name: 'workflow',
  settings: z.object({
    WORKFLOW_INTERVAL_MS: milliseconds(60_000),
    WORKFLOW_SWEEP_INTERVAL_MS: milliseconds(300_000),
  }),
  usesKafka: true,
  dependsOn: ['orders'],
  callTimeoutMs: 5_000,
  start: async (context) => {
    const { WORKFLOW_INTERVAL_MS, WORKFLOW_SWEEP_INTERVAL_MS } = context.settings;
    const messaging = createMessaging('workflow', context);
    const advanceBecause = (cause: string) =>
      createAdvanceOrders({ ...context, to: 'PROCESSING', cause, publisher: messaging.publisher });
    const buffered = startBuffering({
      context,
      messaging,
      advance: advanceBecause('workflow'),
      intervalMs: WORKFLOW_INTERVAL_MS,
    });
    context.closers.add('workflow buffer', () => buffered.stop());
    const sweep = startSweep({
      context,
      advance: advanceBecause('workflow sweep'),
      holds: buffered.holds,
      leads: buffered.leads,
      olderThanMs: WORKFLOW_INTERVAL_MS,
      intervalMs: WORKFLOW_SWEEP_INTERVAL_MS,
    });
    context.closers.add('workflow sweep', () => sweep.stop());
    return { routes: [] };
  },
});
