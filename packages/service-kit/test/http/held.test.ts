import { expect, test } from '@jest/globals';
import { ANYBODY, ordersApi } from '@order-pipeline/contracts';
import { defineTestService, startTestService } from '@order-pipeline/testing';
import { ok, type Route } from '../../src/index.ts';

const HELD_MS = 3_600_000;

const route: Route = {
  operation: ordersApi.getOrder,
  waits: true,
  handle: async (_, call) => {
    call.held?.(HELD_MS);
    return ok(ordersApi.getOrder.exampleReply);
  },
};

test('the time for which a request was held is no part of the time that its answer took', async () => {
  const service = await startTestService(
    defineTestService('api-gateway', async () => ({
      routes: [route],
      configureServer: async (server) => {
        server.addHook('onRequest', async (request) => void (request.actor = ANYBODY));
      },
    })),
  );
  expect((await service.server.inject('/api/orders/order-1')).statusCode).toBe(200);
  const text = await service.registry.metrics();
  const read = (name: string) => Number(new RegExp(`^${name}\\{.*\\} (.*)$`, 'm').exec(text)?.[1]);
  expect(read('http_request_duration_seconds_count')).toBe(1);
  // It took less than it said that it was held for.
  expect(read('http_request_duration_seconds_sum')).toBe(0);
  expect(read('http_hold_duration_seconds_sum')).toBe(HELD_MS / 1_000);
  await service.close();
});
