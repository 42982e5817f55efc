import { PROVING_READS, servicesApi, type Read, type ServiceState } from '@order-pipeline/contracts';
import { createOwnCall, ok, routesOf, type Route, type ServiceContext } from '@order-pipeline/service-kit';

const FAILURE = 500;

/** Whether each service behind the facade answers a read from its database now, for the overview. */
export const createServicesRoutes = (
  context: Pick<ServiceContext<unknown>, 'clients' | 'runtime' | 'logger'>,
): Route[] => {
  const ownCall = createOwnCall('overview', context);
  const stateOf = async ({ operation, input }: Read): Promise<ServiceState> => {
    const name = operation.owner;
    const { status, body } = await context.clients.forward(name, operation, input, ownCall());
    if (status < FAILURE) return { name, ready: true };
    return { name, ready: false, error: (body as { readonly error: string }).error };
  };
  return routesOf(servicesApi, {
    readServices: async () => ok({ services: await Promise.all(PROVING_READS.map(stateOf)) }),
  });
};
