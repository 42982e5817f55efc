import { afterAll } from '@jest/globals';
import * as kafkajs from 'kafkajs';
import { describeConformance } from '../conformance/index.ts';
import { createCluster } from '../src/index.ts';
import { MIN_SESSION_MS, SECURITY } from './secured-cluster.ts';

const listener = await createCluster({ minSessionTimeoutMs: MIN_SESSION_MS }).listen();
const secured = await createCluster(SECURITY).listen();
afterAll(() => Promise.all([listener.close(), secured.close()]));

describeConformance({
  name: 'kafkajs on memory-kafka',
  kafkajs,
  brokers: listener.brokers,
  secured: secured.brokers,
});
