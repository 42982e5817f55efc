import { createRequire } from 'node:module';
import { beforeAll, expect, test } from '@jest/globals';
import { letKafkajsWorkAroundLeaderless } from '../src/kafkajs-leaders.ts';

interface Protocol {
  readonly response: { parse(metadata: object): Promise<{ readonly topicMetadata: readonly object[] }> };
}

const versions = createRequire(import.meta.url)('kafkajs/src/protocol/requests/metadata/index.js') as {
  readonly versions: readonly (string | number)[];
  readonly protocol: (options: { readonly version: string | number }) => (asked: object) => Protocol;
};

const LEADER_NOT_AVAILABLE = 5;
const TOPIC_AUTHORIZATION_FAILED = 29;

const partition = (partitionId: number, leader: number, partitionErrorCode = 0) => ({
  partitionId,
  leader,
  partitionErrorCode,
  replicas: [1, 2],
  isr: [1],
});
const leaderless = (partitionId: number) => partition(partitionId, -1, LEADER_NOT_AVAILABLE);
const topicOf = (topic: string, ...partitionMetadata: readonly object[]) => ({
  topic,
  topicErrorCode: 0,
  partitionMetadata,
});

beforeAll(() => {
  // However often it is asked for, kafkajs is patched once.
  for (let again = 0; again < 3; again += 1) letKafkajsWorkAroundLeaderless();
});

/** What kafkajs makes of an answer to each version of the request. */
const parseAll = (...topicMetadata: readonly object[]) =>
  versions.versions.map((version) =>
    versions.protocol({ version })({ topics: [] }).response.parse({ brokers: [], topicMetadata }),
  );

test('a partition without a leader does not keep those with one from being found', async () => {
  for (const parsed of parseAll(topicOf('ORDER_PLACED', partition(0, 1), leaderless(1)))) {
    expect((await parsed).topicMetadata).toMatchObject([
      { partitionMetadata: [{ leader: 1 }, { leader: -1, partitionErrorCode: 0 }] },
    ]);
  }
});

test('a topic of which no partition has a leader is waited for, as before', async () => {
  for (const parsed of parseAll(topicOf('ORDER_PLACED', leaderless(0), leaderless(1)))) {
    await expect(parsed).rejects.toMatchObject({ type: 'LEADER_NOT_AVAILABLE' });
  }
});

test('any other error of a partition is thrown, as before', async () => {
  const refused = topicOf('ORDER_PLACED', partition(0, 1), partition(1, 1, TOPIC_AUTHORIZATION_FAILED));
  for (const parsed of parseAll(refused)) {
    await expect(parsed).rejects.toMatchObject({ type: 'TOPIC_AUTHORIZATION_FAILED' });
  }
});
