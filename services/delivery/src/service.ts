import { startOrderWorker } from '@order-pipeline/messaging';
import { defineService } from '@order-pipeline/service-kit';
import { z } from 'zod';

/** Delivers orders: those that are shipped become DELIVERED. */
export const deliveryService = defineService({
  name: 'delivery',
  settings: z.object({}),
  usesKafka: true,
  dependsOn: ['orders'],
  callTimeoutMs: 5_000,
  start: async (context) => startOrderWorker('delivery', 'DELIVERED', context),
});
