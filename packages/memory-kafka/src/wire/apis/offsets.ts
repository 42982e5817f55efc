import { checkLeader, EARLIEST_OFFSET, LATEST_OFFSET } from '../../broker/core.ts';
import { throwRefusal } from '../../broker/refusals.ts';
import type { PartitionLog } from '../../broker/partition-log.ts';
import { protocolError } from '../../errors.ts';
import { defineApi } from '../api.ts';
import { attempt, codeOf } from '../codes.ts';
import {
  deleteRecordsRequest,
  deleteRecordsResponse,
  listOffsetsRequest,
  listOffsetsResponse,
} from '../messages/records.ts';

const READ_COMMITTED = 1;
const NONE = -1;

/** Throws UNSUPPORTED_VERSION for a special time that there is not. */
const find = (log: PartitionLog, timestamp: number, isolationLevel: number): number => {
  const end = isolationLevel === READ_COMMITTED ? log.lastStable() : log.high();
  if (timestamp < EARLIEST_OFFSET) throw protocolError('UNSUPPORTED_VERSION');
  if (timestamp === EARLIEST_OFFSET) return log.low();
  if (timestamp === LATEST_OFFSET) return end;
  const found = log.offsetAt(timestamp) ?? end;
  return found < end ? found : NONE;
};

const refusal = (partition: number, errorCode: number) => ({
  partition,
  errorCode,
  timestamp: NONE,
  offset: NONE,
  leaderEpoch: NONE,
});

export const listOffsets = defineApi({
  api: { key: 2, name: 'ListOffsets', versions: [1, 7], flexibleFrom: 6 },
  request: listOffsetsRequest,
  response: listOffsetsResponse,
  handle: ({ core, nodeId, refused }, { topics, isolationLevel }) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partition, timestamp }) => {
        try {
          throwRefusal(refused.topic(name));
          const log = core.topics.partition(name, partition);
          checkLeader(log, nodeId);
          const offset = find(log, timestamp, isolationLevel);
          return {
            ...refusal(partition, 0),
            offset,
            timestamp: offset < 0 ? NONE : Math.max(timestamp, NONE),
          };
        } catch (error) {
          return refusal(partition, codeOf(error));
        }
      }),
    })),
  }),
  refuse: ({ topics }, code) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partition }) => refusal(partition, code)),
    })),
  }),
});

const deleteBefore = (log: PartitionLog, offset: number): void => {
  if (offset < LATEST_OFFSET || offset > log.high()) throw protocolError('OFFSET_OUT_OF_RANGE');
  log.deleteBefore(offset === LATEST_OFFSET ? log.high() : offset);
};

export const deleteRecords = defineApi({
  api: { key: 21, name: 'DeleteRecords', versions: [0, 2], flexibleFrom: 2 },
  request: deleteRecordsRequest,
  response: deleteRecordsResponse,
  handle: ({ core, nodeId, refused }, { topics }) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partition, offset }) => {
        const errorCode = attempt(() => {
          throwRefusal(refused.topic(name));
          checkLeader(core.topics.partition(name, partition), nodeId);
          deleteBefore(core.topics.partition(name, partition), offset);
        });
        const lowWatermark = errorCode === 0 ? core.topics.partition(name, partition).low() : NONE;
        return { partition, lowWatermark, errorCode };
      }),
    })),
  }),
  refuse: ({ topics }, code) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partition }) => ({ partition, lowWatermark: NONE, errorCode: code })),
    })),
  }),
});
