import { startOrderWorker } from '@order-pipeline/messaging';
import { defineService } from '@order-pipeline/service-kit';

/** Delivers orders: those that are shipped become DELIVERED. */
export const deliveryService = defineService({
  name: 'delivery',
  usesKafka: true,
  dependsOn: ['orders'],
  callTimeoutMs: 5_000,
  start: async (context) => startOrderWorker('delivery', 'DELIVERED', context),
});
