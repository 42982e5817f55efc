import { afterAll, describe } from '@jest/globals';
import { createCluster } from '../src/index.ts';
import { describeRequestsOfTransactions } from './requests-of-transactions.ts';

const listener = await createCluster().listen();
afterAll(() => listener.close());

describe('requests of transactions at a cluster that listens', () =>
  describeRequestsOfTransactions(listener.brokers));
