import { LATEST_OFFSET, type Core } from '../../broker/core.ts';
import { defineApi } from '../api.ts';
import type { Decoded } from '../codec.ts';
import { attempt } from '../codes.ts';
import {
  offsetCommitRequest,
  offsetCommitResponse,
  offsetFetchRequest,
  offsetFetchResponse,
  txnOffsetCommitRequest,
  txnOffsetCommitResponse,
} from '../messages/groups.ts';

type CommitTopics = Decoded<typeof offsetCommitRequest>['topics'];
type CommitPartition = CommitTopics[number]['partitions'][number];

/** The code of each partition. */
const forEachPartition = (
  topics: CommitTopics,
  codeFor: (topic: string, partition: CommitPartition) => number,
) => ({
  throttleTimeMs: 0,
  topics: topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((each) => ({ index: each.index, errorCode: codeFor(name, each) })),
  })),
});

const toCommit = (topic: string, { index, offset, metadata }: CommitPartition) => ({
  topic,
  partition: index,
  offset,
  metadata,
});

export const offsetCommit = defineApi({
  key: 8,
  name: 'OffsetCommit',
  versions: [2, 9],
  flexibleFrom: 8,
  request: offsetCommitRequest,
  response: offsetCommitResponse,
  handle: ({ core, refused }, { groupId, memberId, generationId, topics }) =>
    forEachPartition(topics, (topic, each) =>
      attempt(() =>
        core.coordinator.commit({ groupId, memberId, generationId }, [toCommit(topic, each)], refused),
      ),
    ),
  refuse: ({ topics }, code) => forEachPartition(topics, () => code),
});

export const txnOffsetCommit = defineApi({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: [0, 3],
  flexibleFrom: 3,
  request: txnOffsetCommitRequest,
  response: txnOffsetCommitResponse,
  handle: ({ core }, { transactionalId, groupId, producerId, producerEpoch, topics }) =>
    forEachPartition(topics, (topic, each) =>
      attempt(() => {
        core.transactions.check(transactionalId, { producerId, producerEpoch });
        core.transactions.addOffsets(transactionalId, groupId, [toCommit(topic, each)]);
      }),
    ),
  refuse: ({ topics }, code) => forEachPartition(topics, () => code),
});

type AskedTopics = Decoded<typeof offsetFetchRequest>['topics'];

const committedIn = (core: Core, groupId: string, topic: string, index: number) => {
  const committed = core.coordinator.committed(groupId, topic, index);
  return {
    index,
    offset: committed?.offset ?? LATEST_OFFSET,
    leaderEpoch: -1,
    metadata: committed?.metadata ?? '',
    errorCode: 0,
  };
};

/** All that the group has committed, if no topics are named. */
const committedOf = (core: Core, groupId: string, topics: AskedTopics) => {
  const all = [...(core.coordinator.find(groupId)?.offsets ?? [])].map(([name, partitions]) => ({
    name,
    partitions: [...partitions.keys()],
  }));
  return (topics ?? all).map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((index) => committedIn(core, groupId, name, index)),
  }));
};

export const offsetFetch = defineApi({
  key: 9,
  name: 'OffsetFetch',
  versions: [1, 9],
  flexibleFrom: 6,
  request: offsetFetchRequest,
  response: offsetFetchResponse,
  handle: ({ core }, { groupId, topics, groups }, version) => ({
    throttleTimeMs: 0,
    topics: version < 8 ? committedOf(core, groupId, topics) : [],
    errorCode: 0,
    groups: groups.map((group) => ({
      groupId: group.groupId,
      topics: committedOf(core, group.groupId, group.topics),
      errorCode: 0,
    })),
  }),
  refuse: ({ topics, groups }, code) => ({
    throttleTimeMs: 0,
    topics: (topics ?? []).map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((index) => ({
        index,
        offset: LATEST_OFFSET,
        leaderEpoch: -1,
        metadata: '',
        errorCode: code,
      })),
    })),
    errorCode: code,
    groups: groups.map(({ groupId }) => ({ groupId, topics: [], errorCode: code })),
  }),
});
