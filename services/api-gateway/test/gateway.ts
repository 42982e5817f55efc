import { GATEWAY_OPERATIONS } from '@order-pipeline/contracts';
import type { HttpAccess, Route, Runtime } from '@order-pipeline/service-kit';
import { createTestRuntime, startTestService, type TestService } from '@order-pipeline/testing';
import { apiGatewayService } from '../src/index.ts';

/** A facade that answers every operation with its example. */
export const facadeRoutes: readonly Route[] = Object.values(GATEWAY_OPERATIONS).map((operation) => ({
  operation,
  handle: async () => ({ status: operation.status, body: operation.exampleReply }),
}));

/** What operators of these gateways prove themselves with. */
export const OPERATOR_TOKEN = 'a-token-of-the-tests';
export const asOperator = { authorization: `Bearer ${OPERATOR_TOKEN}` };

export const startGateway = (
  environment: Record<string, string> = {},
  runtime: Runtime = createTestRuntime(),
  access: Partial<HttpAccess> = {},
): Promise<TestService> =>
  startTestService(apiGatewayService, {
    environment: { OPERATOR_TOKEN, ...environment },
    runtime,
    access,
    clients: { 'orders-facade': facadeRoutes },
  });
