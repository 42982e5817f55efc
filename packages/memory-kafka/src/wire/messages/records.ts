import {
  array,
  int16,
  int32,
  int64,
  int8,
  NO_UUID,
  nullableBytes,
  nullableString,
  since,
  string,
  struct,
  until,
  uuid,
} from '../codec.ts';

export const produceRequest = struct({
  transactionalId: nullableString,
  acks: int16,
  timeoutMs: int32,
  topics: array(
    struct({ name: string, partitions: array(struct({ index: int32, records: nullableBytes })) }),
  ),
});

export const produceResponse = struct({
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          index: int32,
          errorCode: int16,
          baseOffset: int64,
          logAppendTime: since(2, int64, -1),
          logStartOffset: since(5, int64, -1),
          recordErrors: since(8, array(struct({ index: int32, message: nullableString })), []),
          errorMessage: since(8, nullableString, null),
        }),
      ),
    }),
  ),
  throttleTimeMs: int32,
});

/** A topic by its name, and by its id in newer versions. */
const fetchedTopic = { topic: until(12, string, ''), topicId: since(13, uuid, NO_UUID) };

export const fetchRequest = struct({
  replicaId: until(14, int32, -1),
  maxWaitMs: int32,
  minBytes: int32,
  maxBytes: int32,
  isolationLevel: int8,
  sessionId: since(7, int32, 0),
  sessionEpoch: since(7, int32, -1),
  topics: array(
    struct({
      ...fetchedTopic,
      partitions: array(
        struct({
          partition: int32,
          currentLeaderEpoch: since(9, int32, -1),
          fetchOffset: int64,
          lastFetchedEpoch: since(12, int32, -1),
          logStartOffset: since(5, int64, -1),
          maxBytes: int32,
        }),
      ),
    }),
  ),
  forgotten: since(7, array(struct({ ...fetchedTopic, partitions: array(int32) })), []),
  rackId: since(11, string, ''),
});

export const fetchResponse = struct({
  throttleTimeMs: int32,
  errorCode: since(7, int16, 0),
  sessionId: since(7, int32, 0),
  topics: array(
    struct({
      ...fetchedTopic,
      partitions: array(
        struct({
          partition: int32,
          errorCode: int16,
          highWatermark: int64,
          lastStableOffset: int64,
          logStartOffset: since(5, int64, -1),
          abortedTransactions: array(struct({ producerId: int64, firstOffset: int64 })),
          preferredReadReplica: since(11, int32, -1),
          records: nullableBytes,
        }),
      ),
    }),
  ),
});

export const listOffsetsRequest = struct({
  replicaId: int32,
  isolationLevel: since(2, int8, 0),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({ partition: int32, currentLeaderEpoch: since(4, int32, -1), timestamp: int64 }),
      ),
    }),
  ),
});

export const listOffsetsResponse = struct({
  throttleTimeMs: since(2, int32, 0),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          partition: int32,
          errorCode: int16,
          timestamp: int64,
          offset: int64,
          leaderEpoch: since(4, int32, -1),
        }),
      ),
    }),
  ),
});

export const deleteRecordsRequest = struct({
  topics: array(struct({ name: string, partitions: array(struct({ partition: int32, offset: int64 })) })),
  timeoutMs: int32,
});

export const deleteRecordsResponse = struct({
  throttleTimeMs: int32,
  topics: array(
    struct({
      name: string,
      partitions: array(struct({ partition: int32, lowWatermark: int64, errorCode: int16 })),
    }),
  ),
});
