import { createRuntime, type Runtime } from '@order-pipeline/service-kit';
import { createOrdersClient, type OrdersClient } from './orders.ts';
import { createRequests } from './requests.ts';
import { createItemsClient, createUsersClient } from './shop.ts';

export { RefusedError } from './refused-error.ts';

export interface OrderPipelineOptions {
  /** Of the gateway, such as http://127.0.0.1:3000. */
  readonly url: string;
  /** The access token that goes with every request, asked for each time: so it can be renewed before it expires. */
  readonly token?: () => string | Promise<string>;
  /** How long one thing is asked again while it cannot be answered for now, in milliseconds; default 30 s. */
  readonly patienceMs?: number;
  /** How long one request may take, in milliseconds; default 10 s. */
  readonly timeoutMs?: number;
  /** Time, chance and identity, for a test. */
  readonly runtime?: Pick<Runtime, 'after' | 'monotonic' | 'random' | 'uuid'>;
}

/** The order pipeline, for an application. */
export interface OrderPipeline {
  readonly orders: OrdersClient;
  readonly items: ReturnType<typeof createItemsClient>;
  readonly users: ReturnType<typeof createUsersClient>;
}

/**
 * A client of the pipeline for an application: every call is typed, is asked again with backoff where the gateway cannot answer for
 * now, and happens once however often it is asked.
 */
export const createOrderPipeline = ({
  url,
  token,
  patienceMs = 30_000,
  timeoutMs = 10_000,
  runtime = createRuntime(),
}: OrderPipelineOptions): OrderPipeline => {
  const requests = createRequests({ url, token, patienceMs, timeoutMs, runtime });
  return {
    orders: createOrdersClient(requests, runtime),
    items: createItemsClient(requests, runtime),
    users: createUsersClient(requests),
  };
};
