import { startOrderWorker } from '@order-pipeline/messaging';
import { defineService } from '@order-pipeline/service-kit';

/** Ships orders: those that are being processed become SHIPPED. */
export const shippingService = defineService({
  name: 'shipping',
  usesKafka: true,
  dependsOn: ['orders'],
  callTimeoutMs: 5_000,
  start: async (context) => startOrderWorker('shipping', 'SHIPPED', context),
});
