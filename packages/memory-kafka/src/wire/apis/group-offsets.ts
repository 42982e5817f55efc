import { LATEST_OFFSET, type Core } from '../../broker/core.ts';
import { throwRefusal } from '../../broker/refusals.ts';
import { defineApi, type Caller } from '../api.ts';
import type { Decoded } from '../codec.ts';
import { attempt, codeOfType } from '../codes.ts';
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
  api: { key: 8, name: 'OffsetCommit', versions: [2, 9], flexibleFrom: 8 },
  request: offsetCommitRequest,
  response: offsetCommitResponse,
  handle: ({ core, refused }, { groupId, memberId, generationId, topics }) =>
    forEachPartition(topics, (topic, each) =>
      attempt(() =>
        core.coordinator.commit({ groupId, memberId, generationId }, [toCommit(topic, each)], refused.topic),
      ),
    ),
  refuse: ({ topics }, code) => forEachPartition(topics, () => code),
});

export const txnOffsetCommit = defineApi({
  api: { key: 28, name: 'TxnOffsetCommit', versions: [0, 3], flexibleFrom: 3 },
  request: txnOffsetCommitRequest,
  response: txnOffsetCommitResponse,
  handle: ({ core, refused }, { transactionalId, groupId, producerId, producerEpoch, topics }) =>
    forEachPartition(topics, (topic, each) =>
      attempt(() => {
        throwRefusal(refused.topic(topic));
        core.transactions.check(transactionalId, { producerId, producerEpoch });
        core.transactions.checkEnlisted(transactionalId, groupId);
        core.transactions.addOffsets(transactionalId, groupId, [toCommit(topic, each)]);
      }),
    ),
  refuse: ({ topics }, code) => forEachPartition(topics, () => code),
});

type AskedTopics = Decoded<typeof offsetFetchRequest>['topics'];

const committedIn = (core: Core, groupId: string, topic: string, index: number, errorCode: number) => {
  const committed = errorCode === 0 ? core.coordinator.committed(groupId, topic, index) : undefined;
  return {
    index,
    offset: committed?.offset ?? LATEST_OFFSET,
    leaderEpoch: -1,
    metadata: committed?.metadata ?? '',
    errorCode,
  };
};

/** All that the group has committed, if no topics are named. */
const committedOf = ({ core, refused }: Caller, groupId: string, topics: AskedTopics) => {
  const all = [...(core.coordinator.find(groupId)?.offsets ?? [])]
    .filter(([name]) => refused.topic(name) === undefined)
    .map(([name, partitions]) => ({ name, partitions: [...partitions.keys()] }));
  return (topics ?? all).map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((index) =>
      committedIn(core, groupId, name, index, codeOfType(refused.topic(name))),
    ),
  }));
};

export const offsetFetch = defineApi({
  api: { key: 9, name: 'OffsetFetch', versions: [1, 9], flexibleFrom: 6 },
  request: offsetFetchRequest,
  response: offsetFetchResponse,
  handle: (caller, { groupId, topics, groups }, version) => {
    const { refused } = caller;
    if (version < 8) throwRefusal(refused.group(groupId));
    return {
      throttleTimeMs: 0,
      topics: version < 8 ? committedOf(caller, groupId, topics) : [],
      errorCode: 0,
      groups: groups.map((group) => ({
        groupId: group.groupId,
        topics: refused.group(group.groupId) ? [] : committedOf(caller, group.groupId, group.topics),
        errorCode: codeOfType(refused.group(group.groupId)),
      })),
    };
  },
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
