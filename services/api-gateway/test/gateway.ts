import { PUBLIC_OPERATIONS } from '@order-pipeline/contracts';
import type { Route, Runtime } from '@order-pipeline/service-kit';
import { createTestRuntime, startTestService, type TestService } from '@order-pipeline/testing';
import { apiGatewayService } from '../src/index.ts';

/** A facade that answers every operation with its example. */
export const facadeRoutes: readonly Route[] = Object.values(PUBLIC_OPERATIONS).map((operation) => ({
  operation,
  handle: async () => ({ status: operation.status, body: operation.exampleReply }),
}));

export const startGateway = (
  environment: Record<string, string> = {},
  runtime: Runtime = createTestRuntime(),
): Promise<TestService> =>
  startTestService(apiGatewayService, { environment, runtime, peers: { 'orders-facade': facadeRoutes } });
