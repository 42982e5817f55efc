import { createInterrupter, type FetchedPartition, type PartitionToFetch } from '../../broker/fetch.ts';
import { checkLeader } from '../../broker/core.ts';
import { throwRefusal } from '../../broker/refusals.ts';
import { protocolError } from '../../errors.ts';
import { defineApi, type Caller } from '../api.ts';
import type { Decoded } from '../codec.ts';
import { attempt, codeOf } from '../codes.ts';
import { abortedIn, encodeBatches } from '../encode-batches.ts';
import { fetchRequest, fetchResponse } from '../messages/records.ts';
import { nameOfTopic } from '../topic-ids.ts';

type Request = Decoded<typeof fetchRequest>;
type Asked = Request['topics'][number]['partitions'][number];

const READ_COMMITTED = 1;
const NOTHING = Buffer.alloc(0);

const emptyAnswer = (partition: number, errorCode: number) => ({
  partition,
  errorCode,
  highWatermark: -1,
  lastStableOffset: -1,
  logStartOffset: -1,
  abortedTransactions: [],
  preferredReadReplica: -1,
  records: NOTHING,
});

/** 0 if the partition is there, led by this broker, and has the offset. */
const refusalOf = (
  { core, nodeId, refused }: Caller,
  topic: string,
  { partition, fetchOffset }: Asked,
): number =>
  attempt(() => {
    throwRefusal(refused.topic(topic));
    const log = core.topics.partition(topic, partition);
    checkLeader(log, nodeId);
    if (fetchOffset < log.low() || fetchOffset > log.high()) throw protocolError('OFFSET_OUT_OF_RANGE');
  });

const answerOf = (
  caller: Caller,
  { isolationLevel }: Request,
  topic: string,
  asked: Asked,
  found: FetchedPartition | undefined,
) => {
  const errorCode = refusalOf(caller, topic, asked);
  if (errorCode !== 0) return emptyAnswer(asked.partition, errorCode);
  const log = caller.core.topics.partition(topic, asked.partition);
  const slices = found?.slices ?? [];
  return {
    ...emptyAnswer(asked.partition, 0),
    highWatermark: log.high(),
    lastStableOffset: log.lastStable(),
    logStartOffset: log.low(),
    abortedTransactions: isolationLevel === READ_COMMITTED ? abortedIn(slices) : [],
    records: encodeBatches(slices),
  };
};

/** What there is of these; waits for it as long as the request says. */
const read = async (
  { core, onGone }: Caller,
  request: Request,
  partitions: readonly PartitionToFetch[],
  maxWaitMs: number,
): Promise<readonly FetchedPartition[]> => {
  const interrupter = createInterrupter();
  const stopListening = onGone(interrupter.fire);
  try {
    return await core.fetch({
      partitions,
      interrupter,
      version: interrupter.version(),
      maxBytes: request.maxBytes,
      maxBytesPerPartition: Math.max(
        0,
        ...request.topics.flatMap((topic) => topic.partitions.map((p) => p.maxBytes)),
      ),
      minBytes: request.minBytes,
      maxWaitMs,
      committedOnly: request.isolationLevel === READ_COMMITTED,
      withAborted: true,
    });
  } catch (error) {
    // A partition was deleted, or cut off, while this waited: the answer says which one.
    codeOf(error);
    return [];
  } finally {
    stopListening();
  }
};

const key = (topic: string, partition: number): string => `${partition}/${topic}`;

export const fetch = defineApi({
  api: { key: 1, name: 'Fetch', versions: [4, 17], flexibleFrom: 12 },
  request: fetchRequest,
  response: fetchResponse,
  handle: async (caller, request) => {
    const topics = request.topics.map((each) => ({
      ...each,
      name: each.topic || nameOfTopic(caller.core, each.topicId),
    }));
    const asked = topics.flatMap(({ name, partitions }) => partitions.map((each) => ({ name, each })));
    const sound = asked.filter(({ name, each }) => refusalOf(caller, name, each) === 0);
    const wanted = sound.map(({ name, each }) => ({
      topic: name,
      partition: each.partition,
      offset: each.fetchOffset,
    }));
    const found = await read(caller, request, wanted, sound.length < asked.length ? 0 : request.maxWaitMs);
    const byPartition = new Map(found.map((each) => [key(each.topic, each.partition), each]));
    return {
      throttleTimeMs: 0,
      errorCode: 0,
      sessionId: 0,
      topics: topics.map(({ name, topicId, topic, partitions }) => ({
        topic,
        topicId,
        partitions: partitions.map((each) =>
          answerOf(caller, request, name, each, byPartition.get(key(name, each.partition))),
        ),
      })),
    };
  },
  refuse: ({ topics }, code) => ({
    throttleTimeMs: 0,
    errorCode: 0,
    sessionId: 0,
    topics: topics.map(({ topic, topicId, partitions }) => ({
      topic,
      topicId,
      partitions: partitions.map(({ partition }) => emptyAnswer(partition, code)),
    })),
  }),
});
