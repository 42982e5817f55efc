import {
  overviewPartsApi,
  SERVICE_NAMES,
  servicesApi,
  type Operation,
  type OrdersOverview,
  type Output,
  type Overview,
  type ServiceState,
} from '@order-pipeline/contracts';
import {
  AppError,
  createOwnCall,
  timeOfDay,
  unavailable,
  withTimeout,
  type ServiceContext,
} from '@order-pipeline/service-kit';

/** Shorter than the interval of the pictures: a part that hangs is missing in one, and the next one comes in time. */
const PART_TIMEOUT_MS = 900;

const INPUT = {};

/** A part, or why it is not to be had. */
type Part<T> = { readonly value: T } | { readonly error: string };

const stateOf = (
  name: (typeof SERVICE_NAMES)[number],
  known: readonly ServiceState[],
  facadeError: string | undefined,
): ServiceState => {
  if (name === 'api-gateway') return { name, ready: true };
  if (name === 'orders-facade')
    return facadeError === undefined ? { name, ready: true } : { name, ready: false, error: facadeError };
  return (
    known.find((one) => one.name === name) ?? {
      name,
      ready: false,
      error: 'Nothing is known of it: who knows does not answer',
    }
  );
};

const EMPTY: Omit<OrdersOverview, 'workers'> = {
  orders: null,
  outbox: null,
  consumers: null,
  deadLetters: null,
};

/** Takes a picture of the whole pipeline now. It never fails: what cannot be known is null. */
export const createPicture = (
  context: Pick<ServiceContext<unknown>, 'clients' | 'runtime' | 'logger'>,
): (() => Promise<Overview>) => {
  const { clients, runtime } = context;
  const ownCall = createOwnCall('api-gateway', context);
  const read = async <O extends Operation>(operation: O): Promise<Part<Output<O>>> => {
    const answer = async (): Promise<Output<O>> => {
      const { status, body } = await clients.forward('orders-facade', operation, INPUT as never, ownCall());
      if (status < 400) return body as Output<O>;
      const { code, error } = body as { code: AppError['code']; error: string };
      throw new AppError(code, error);
    };
    try {
      const late = () => unavailable('It does not answer in time');
      return { value: await withTimeout(runtime, PART_TIMEOUT_MS, answer(), late) };
    } catch (error) {
      return { error: (error as Error).message };
    }
  };
  return async () => {
    const at = timeOfDay(runtime);
    const [services, orders] = await Promise.all([
      read(servicesApi.readServices),
      read(overviewPartsApi.readOrdersOverview),
    ]);
    const { workers = [], ...parts }: Partial<OrdersOverview> = 'value' in orders ? orders.value : {};
    const known = [...('value' in services ? services.value.services : []), ...workers];
    const facadeError = 'error' in services ? services.error : undefined;
    return {
      at,
      ...EMPTY,
      ...parts,
      services: SERVICE_NAMES.map((name) => stateOf(name, known, facadeError)),
    };
  };
};
