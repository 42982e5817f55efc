import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { apiVersions } from '../src/wire/apis/index.ts';
import { produce } from '../src/wire/apis/produce.ts';
import { eventually } from '../conformance/waiting.ts';
import { batchOf, connectRaw, type RawConnection } from './raw-requests.ts';

const NOBODY = { producerId: -1, producerEpoch: -1, firstSequence: -1, transactional: false };
const UNKNOWN_PARTITION = 7;

/** A request to write one message to a partition, which is not answered. */
export const unanswered = (topic: string, index = 0) => ({
  transactionalId: null,
  acks: 0,
  timeoutMs: 1000,
  topics: [{ name: topic, partitions: [{ index, records: batchOf('x', NOBODY) }] }],
});

/** Asks for what every broker answers at once; rejects where the broker has hung up. */
export const isOpen = async (connection: RawConnection): Promise<boolean> => {
  const { errorCode } = await connection.ask(apiVersions, 0, {});
  return errorCode === 0;
};

export const HUNG_UP = /hung up|ECONNRESET|EPIPE/;

/**
 * What becomes of a connection on which messages are sent with acks 0: the same tests at a real broker and at a cluster that
 * listens.
 *
 * @param brokers the addresses of a broker
 */
export const describeRequestsOfProducers = (brokers: readonly string[]): void => {
  let admin: kafkajs.Admin;
  let connection: RawConnection;
  let topic: string;

  beforeEach(async () => {
    connection = await connectRaw(brokers[0] ?? '');
    topic = `topic-${randomUUID()}`;
    admin = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false });
    await eventually(() => admin.fetchTopicOffsets(topic));
  });

  afterEach(async () => {
    connection.close();
    await admin.disconnect();
  });

  it('what is written is not answered', async () => {
    connection.post(produce, 7, unanswered(topic));
    expect(await isOpen(connection)).toBe(true);
    expect(await admin.fetchTopicOffsets(topic)).toMatchObject([{ high: '1' }]);
  });

  it('the connection is closed where something is refused', async () => {
    connection.post(produce, 7, unanswered(topic, UNKNOWN_PARTITION));
    await expect(isOpen(connection)).rejects.toThrow(HUNG_UP);
  });
};
