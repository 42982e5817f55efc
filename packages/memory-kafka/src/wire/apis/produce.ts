import { checkLeader } from '../../broker/core.ts';
import { throwRefusal } from '../../broker/refusals.ts';
import { protocolError } from '../../errors.ts';
import { defineApi, type Caller } from '../api.ts';
import type { Decoded } from '../codec.ts';
import { codeOf } from '../codes.ts';
import { decodeBatches } from '../decode-batches.ts';
import { produceRequest, produceResponse } from '../messages/records.ts';

/** The `acks` of who wants all replicas in sync to have a message. */
const ALL_IN_SYNC = -1;

type Request = Decoded<typeof produceRequest>;

const refusal = (index: number, errorCode: number) => ({
  index,
  errorCode,
  baseOffset: -1,
  logAppendTime: -1,
  logStartOffset: -1,
  recordErrors: [],
  errorMessage: null,
});

const write = async (
  { core, nodeId, refused }: Caller,
  { transactionalId, acks }: Request,
  topic: string,
  { index, records }: { readonly index: number; readonly records: Buffer | null },
) => {
  try {
    throwRefusal(refused.topic(topic, index));
    const log = core.topics.partition(topic, index);
    checkLeader(log, nodeId);
    if (acks === ALL_IN_SYNC) log.checkInSync();
    const batches = await decodeBatches(records ?? Buffer.alloc(0));
    let first: { firstOffset: number; appendTime: number | undefined } | undefined;
    for (const batch of batches) {
      const { writer, isCompressed } = batch;
      if (writer.transactional && transactionalId !== null) {
        core.transactions.check(transactionalId, writer);
        core.transactions.checkEnlisted(transactionalId, log);
      }
      const appended = log.append(batch.records, writer, isCompressed);
      first ??= appended;
    }
    return {
      ...refusal(index, 0),
      baseOffset: first?.firstOffset ?? -1,
      logAppendTime: first?.appendTime ?? -1,
      logStartOffset: log.low(),
    };
  } catch (error) {
    return refusal(index, codeOf(error));
  }
};

const refuse = ({ topics }: Request, code: number) => ({
  topics: topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ index }) => refusal(index, code)),
  })),
  throttleTimeMs: 0,
});

export const produce = defineApi({
  api: { key: 0, name: 'Produce', versions: [3, 12], flexibleFrom: 9 },
  request: produceRequest,
  response: produceResponse,
  isAnswered: ({ acks }) => acks !== 0,
  handle: async (caller, request) => {
    const { topics, acks } = request;
    if (![-1, 0, 1].includes(acks)) throw protocolError('INVALID_REQUIRED_ACKS');
    const written = [];
    for (const { name, partitions } of topics) {
      const answers = [];
      for (const partition of partitions) answers.push(await write(caller, request, name, partition));
      written.push({ name, partitions: answers });
    }
    const isRefused = written.some(({ partitions }) => partitions.some(({ errorCode }) => errorCode !== 0));
    return acks === 0 && !isRefused ? undefined : { topics: written, throttleTimeMs: 0 };
  },
  refuse,
});
