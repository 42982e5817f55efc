import { expect, test } from '@jest/globals';
import { GATEWAY_OPERATIONS } from '@order-pipeline/contracts';
import type { HttpAccess, Route, Runtime } from '@order-pipeline/service-kit';
import { createTestRuntime, startTestService, type TestService } from '@order-pipeline/testing';
import { useFixture } from '@order-pipeline/testing/fixtures';
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

/** A gateway that listens on `url`, before the tests of a file and during them. */
export const useListening = (start: () => Promise<TestService>): TestService & { readonly url: string } =>
  useFixture(
    async () => {
      const gateway = await start();
      return Object.assign(gateway, { url: await gateway.listen() });
    },
    (gateway) => gateway.close(),
  );

/** Tests that requests are refused with this status and code, in the shape of every error. */
export const testRefusals = (
  gateway: () => TestService,
  refusals: readonly (readonly ['GET' | 'POST' | 'DELETE', string, number, string])[],
): void => {
  test.each(refusals)('%s %s is refused in the error shape', async (method, url, status, code) => {
    const response = await gateway().server.inject({ method, url });
    expect(response.statusCode).toBe(status);
    expect(response.json()).toMatchObject({ status, code, error: expect.any(String) });
  });
};
