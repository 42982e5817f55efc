import { throwRefusal } from '../../broker/refusals.ts';
import { protocolError } from '../../errors.ts';
import { defineApi } from '../api.ts';
import { attempt, fencedIn } from '../codes.ts';
import {
  addOffsetsToTxnRequest,
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
  endTxnRequest,
  errorOnlyResponse,
  initProducerIdRequest,
  initProducerIdResponse,
} from '../messages/transactions.ts';

export const initProducerId = defineApi({
  api: { key: 22, name: 'InitProducerId', versions: [0, 4], flexibleFrom: 2 },
  request: initProducerIdRequest,
  response: initProducerIdResponse,
  handle: ({ core }, { transactionalId, transactionTimeoutMs, ...asker }) => ({
    throttleTimeMs: 0,
    errorCode: 0,
    ...core.transactions.identify(
      transactionalId ?? undefined,
      transactionTimeoutMs,
      asker.producerEpoch < 0 ? undefined : asker,
    ),
  }),
  refuse: (_request, code, version) => ({
    throttleTimeMs: 0,
    errorCode: fencedIn(version >= 4, code),
    producerId: -1,
    producerEpoch: -1,
  }),
});

export const addPartitionsToTxn = defineApi({
  api: { key: 24, name: 'AddPartitionsToTxn', versions: [0, 3], flexibleFrom: 3 },
  request: addPartitionsToTxnRequest,
  response: addPartitionsToTxnResponse,
  handle: ({ core, refused }, { transactionalId, topics, ...identity }) => {
    core.transactions.check(transactionalId, identity);
    const isAllowed = topics.every(({ name }) => refused.topic(name) === undefined);
    return {
      throttleTimeMs: 0,
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map((index) => ({
          index,
          errorCode: attempt(() => {
            throwRefusal(refused.topic(name));
            if (!isAllowed) throw protocolError('OPERATION_NOT_ATTEMPTED');
            core.transactions.enlist(transactionalId, core.topics.partition(name, index));
          }),
        })),
      })),
    };
  },
  refuse: ({ topics }, code, version) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((index) => ({ index, errorCode: fencedIn(version >= 2, code) })),
    })),
  }),
});

const refusal = (code: number, version: number) => ({
  throttleTimeMs: 0,
  errorCode: fencedIn(version >= 2, code),
});

export const addOffsetsToTxn = defineApi({
  api: { key: 25, name: 'AddOffsetsToTxn', versions: [0, 3], flexibleFrom: 3 },
  request: addOffsetsToTxnRequest,
  response: errorOnlyResponse,
  handle: ({ core }, { transactionalId, groupId, ...identity }) => {
    core.transactions.check(transactionalId, identity);
    core.transactions.enlistGroup(transactionalId, groupId);
    return { throttleTimeMs: 0, errorCode: 0 };
  },
  refuse: (_request, code, version) => refusal(code, version),
});

export const endTxn = defineApi({
  api: { key: 26, name: 'EndTxn', versions: [0, 3], flexibleFrom: 3 },
  request: endTxnRequest,
  response: errorOnlyResponse,
  handle: ({ core }, { transactionalId, committed, ...identity }) => {
    core.transactions.check(transactionalId, identity);
    core.transactions.checkEnding(transactionalId, committed);
    core.transactions.end(transactionalId, identity, committed);
    return { throttleTimeMs: 0, errorCode: 0 };
  },
  refuse: (_request, code, version) => refusal(code, version),
});
