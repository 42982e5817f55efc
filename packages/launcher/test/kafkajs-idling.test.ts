import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { letKafkajsIdle } from '../src/kafkajs-idling.ts';

interface Queue {
  readonly pending: readonly unknown[];
  checkPendingRequests(): void;
  maybeThrottle(ms: number): void;
  push(request: object): void;
}

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as new (
  options: object,
) => Queue;

const silent = () => undefined;
const openQueue = (): Queue =>
  new RequestQueue({
    maxInFlightRequests: null,
    requestTimeout: 1_000,
    clientId: 'tests',
    broker: 'tests:9092',
    logger: { debug: silent, warn: silent },
    instrumentationEmitter: new EventEmitter(),
  });

const request = (correlationId: number, sendRequest: () => void) => ({
  entry: { correlationId, apiName: 'Metadata', apiKey: 3, apiVersion: 1, resolve: silent, reject: silent },
  expectResponse: true,
  sendRequest,
});

beforeEach(() => {
  jest.useFakeTimers();
  letKafkajsIdle();
});

afterEach(() => {
  jest.useRealTimers();
});

test('a connection on which nothing waits sets no timers', () => {
  openQueue().checkPendingRequests();
  expect(jest.getTimerCount()).toBe(0);
});

test('a request that the broker wants later is sent then', () => {
  const queue = openQueue();
  const send = jest.fn();
  queue.maybeThrottle(50);
  queue.push(request(1, send));
  expect(queue.pending).toHaveLength(1);
  jest.advanceTimersByTime(49);
  expect(send).not.toHaveBeenCalled();
  jest.advanceTimersByTime(20);
  expect(send).toHaveBeenCalledTimes(1);
  expect(jest.getTimerCount()).toBe(0);
});

test('however often it is asked for, kafkajs is patched once', () => {
  for (let again = 0; again < 3; again += 1) letKafkajsIdle();
  const queue = openQueue();
  queue.maybeThrottle(50);
  queue.push(request(1, silent));
  expect(jest.getTimerCount()).toBe(1);
});
