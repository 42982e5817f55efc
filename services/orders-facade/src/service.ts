import { PROVING_READS } from '@order-pipeline/contracts';
import { checkDependencies, defineService } from '@order-pipeline/service-kit';
import { OWNERS, createFacadeRoutes } from './routes.ts';
import { createServicesRoutes } from './services.ts';

/** One face for users, inventory and orders: it knows which service answers what, and nothing else. */
export const ordersFacadeService = defineService({
  name: 'orders-facade',
  usesKafka: false,
  dependsOn: OWNERS,
  callTimeoutMs: 1_700,
  start: async (context) => {
    checkDependencies(
      context,
      OWNERS.map((service) => ({
        service,
        reads: PROVING_READS.filter(({ operation }) => operation.owner === service),
      })),
    );
    return { routes: [...createFacadeRoutes(context.clients), ...createServicesRoutes(context)] };
  },
});
