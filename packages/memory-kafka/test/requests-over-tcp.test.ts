import { afterAll, describe, expect, it } from '@jest/globals';
import { createCluster } from '../src/index.ts';
import { produce } from '../src/wire/apis/produce.ts';
import { connectRaw } from './raw-requests.ts';
import { describeRequestsOfProducers, HUNG_UP, isOpen, unanswered } from './requests-of-producers.ts';
import { describeRequestsOfTransactions } from './requests-of-transactions.ts';

const cluster = createCluster();
const listener = await cluster.listen();
afterAll(() => listener.close());

describe('requests of transactions at a cluster that listens', () =>
  describeRequestsOfTransactions(listener.brokers));

describe('requests of producers at a cluster that listens', () =>
  describeRequestsOfProducers(listener.brokers));

it('a fault that refuses what is sent with acks 0 closes the connection', async () => {
  const connection = await connectRaw(listener.brokers[0] ?? '');
  const fault = cluster.faults.refuse('produce', 'NOT_LEADER_FOR_PARTITION');
  connection.post(produce, 7, unanswered('refused'));
  await expect(isOpen(connection)).rejects.toThrow(HUNG_UP);
  expect(fault.fired()).toBe(1);
});
