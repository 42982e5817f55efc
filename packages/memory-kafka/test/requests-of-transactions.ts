import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { errorCodeOf } from '../src/errors.ts';
import type { WireApi } from '../src/wire/api.ts';
import { txnOffsetCommit } from '../src/wire/apis/group-offsets.ts';
import { findCoordinator } from '../src/wire/apis/groups.ts';
import { produce } from '../src/wire/apis/produce.ts';
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  initProducerId,
} from '../src/wire/apis/transactions.ts';
import { eventually } from '../conformance/waiting.ts';
import { batchOf, connectRaw, type RawConnection } from './raw-requests.ts';

const OK = 0;
const INVALID_EPOCH = errorCodeOf('INVALID_PRODUCER_EPOCH');
const INVALID_STATE = errorCodeOf('INVALID_TXN_STATE');
const INVALID_MAPPING = errorCodeOf('INVALID_PRODUCER_ID_MAPPING');
/** kafkajs has no name for it. */
const PRODUCER_FENCED = 90;
const TRANSACTIONS = 1;

interface Producer {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** The first error code anywhere in an answer that is not 0, else 0. */
const codeIn = (answer: unknown): number => {
  if (typeof answer !== 'object' || answer === null) return OK;
  const own: unknown = Reflect.get(answer, 'errorCode');
  if (typeof own === 'number' && own !== OK) return own;
  return (
    Object.values(answer)
      .map(codeIn)
      .find((code) => code !== OK) ?? OK
  );
};

/**
 * What Kafka answers to requests about transactions that no client of kafkajs's makes: the same tests at a real broker and at a
 * cluster that listens.
 *
 * @param brokers the addresses of a broker that creates topics on demand
 */
export const describeRequestsOfTransactions = (brokers: readonly string[]): void => {
  let connection: RawConnection;
  let topic: string;
  let groupId: string;

  beforeEach(async () => {
    connection = await connectRaw(brokers[0] ?? '');
    [topic, groupId] = [`topic-${randomUUID()}`, `group-${randomUUID()}`];
    const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: false });
    await eventually(() => admin.fetchTopicOffsets(topic));
    // So that the group has a coordinator.
    await eventually(() => admin.fetchOffsets({ groupId, topics: [topic] }));
    await admin.disconnect();
  });

  afterEach(() => connection.close());

  const code = async (api: WireApi, version: number, request: object): Promise<number> =>
    codeIn(await connection.ask(api, version, request));

  const identify = async (): Promise<Producer> => {
    const transactionalId = `tx-${randomUUID()}`;
    let identity: unknown;
    await eventually(async () => {
      const coordinator = { key: transactionalId, keyType: TRANSACTIONS, keys: [] };
      expect(await code(findCoordinator, 2, coordinator)).toBe(OK);
      identity = await connection.ask(initProducerId, 1, { transactionalId, transactionTimeoutMs: 60_000 });
      expect(identity).toMatchObject({ errorCode: OK });
    });
    return { transactionalId, ...(identity as Omit<Producer, 'transactionalId'>) };
  };

  const add = (producer: Producer, version = 1, partitions = [0]): Promise<number> =>
    code(addPartitionsToTxn, version, { ...producer, topics: [{ name: topic, partitions }] });
  const addGroup = (producer: Producer, version = 1): Promise<number> =>
    code(addOffsetsToTxn, version, { ...producer, groupId });
  const end = (producer: Producer, committed: boolean, version = 1): Promise<number> =>
    code(endTxn, version, { ...producer, committed });
  const write = ({ transactionalId, ...writer }: Producer, index = 0): Promise<number> => {
    const records = batchOf('x', { ...writer, firstSequence: 0, transactional: true });
    const topics = [{ name: topic, partitions: [{ index, records }] }];
    return code(produce, 7, { transactionalId, acks: -1, timeoutMs: 5000, topics });
  };
  const commitOffset = (producer: Producer): Promise<number> => {
    const partitions = [{ index: 0, offset: 1, leaderEpoch: -1, metadata: null }];
    return code(txnOffsetCommit, 2, { ...producer, groupId, topics: [{ name: topic, partitions }] });
  };
  /** Where the broker may still be at the last transaction. */
  const settled = (request: () => Promise<number>, expected: number): Promise<void> =>
    eventually(async () => expect(await request()).toBe(expected));

  const foreign = (producer: Producer): Producer[] => [
    { ...producer, producerId: producer.producerId + 12_345 },
    { ...producer, transactionalId: `unknown-${randomUUID()}` },
  ];

  it('refuse to end what nobody has begun', async () => {
    const producer = await identify();
    expect([await end(producer, true), await end(producer, false)]).toEqual([INVALID_STATE, INVALID_STATE]);
  });

  it('answer an ending that comes again, but not the other one', async () => {
    const producer = await identify();
    for (const committed of [true, false]) {
      await settled(() => add(producer), OK);
      expect(await end(producer, committed)).toBe(OK);
      await settled(() => end(producer, committed), OK);
      expect(await end(producer, !committed)).toBe(INVALID_STATE);
    }
  });

  it('begin a transaction with a partition or a group', async () => {
    for (const begin of [add, addGroup]) {
      const producer = await identify();
      await settled(() => begin(producer), OK);
      expect(await end(producer, true)).toBe(OK);
    }
  });

  it('refuse producer ids that were not given out for the transactional id', async () => {
    const producer = await identify();
    await settled(() => add(producer), OK);
    for (const other of foreign(producer)) {
      expect([await add(other), await addGroup(other), await end(other, true)]).toEqual([
        INVALID_MAPPING,
        INVALID_MAPPING,
        INVALID_MAPPING,
      ]);
    }
    expect(await end(producer, true)).toBe(OK);
  });

  it('refuse another epoch than the last one, by a code of its own where a client can know that', async () => {
    const producer = await identify();
    await settled(() => add(producer), OK);
    for (const difference of [-1, 1]) {
      const other = { ...producer, producerEpoch: producer.producerEpoch + difference };
      expect([await add(other), await addGroup(other), await end(other, true)]).toEqual([
        INVALID_EPOCH,
        INVALID_EPOCH,
        INVALID_EPOCH,
      ]);
      for (const version of [2, 3]) {
        expect([
          await add(other, version),
          await addGroup(other, version),
          await end(other, true, version),
        ]).toEqual([PRODUCER_FENCED, PRODUCER_FENCED, PRODUCER_FENCED]);
      }
    }
  });

  it('refuse what is written to a partition that is not part of the transaction', async () => {
    const producer = await identify();
    expect(await write(producer)).toBe(INVALID_STATE);
    await settled(() => add(producer), OK);
    expect([await write(producer, 1), await write(producer, 0)]).toEqual([INVALID_STATE, OK]);
    expect(await end(producer, true)).toBe(OK);
  });

  it('refuse what is written by another producer, or in another epoch', async () => {
    const producer = await identify();
    await settled(() => add(producer), OK);
    for (const other of foreign(producer)) expect(await write(other)).toBe(INVALID_MAPPING);
    expect(await write({ ...producer, producerEpoch: producer.producerEpoch + 1 })).toBe(INVALID_EPOCH);
  });

  it('refuse offsets of a group that is not part of the transaction, or of another producer', async () => {
    const producer = await identify();
    expect(await commitOffset(producer)).toBe(INVALID_STATE);
    await settled(() => addGroup(producer), OK);
    for (const other of foreign(producer)) expect(await commitOffset(other)).toBe(INVALID_MAPPING);
    expect(await commitOffset({ ...producer, producerEpoch: producer.producerEpoch + 1 })).toBe(
      INVALID_EPOCH,
    );
    expect([await commitOffset(producer), await end(producer, true)]).toEqual([OK, OK]);
  });

  it('give the owner another epoch, the same one for who asks again, and nobody else', async () => {
    const owner = await identify();
    const again = (asker: Producer, version = 4) =>
      connection.ask(initProducerId, version, { ...asker, transactionTimeoutMs: 60_000 });
    const { producerId, producerEpoch } = owner;
    const next = { errorCode: OK, producerId, producerEpoch: producerEpoch + 1 };
    expect([await again(owner), await again(owner)]).toMatchObject([next, next]);
    expect(await end(owner, true)).toBe(INVALID_EPOCH);
    const other = { ...owner, producerId: producerId + 12_345 };
    const late = { ...owner, producerEpoch: producerEpoch + 7 };
    expect([await again(other), await again(late), await again(late, 3)]).toMatchObject([
      { errorCode: PRODUCER_FENCED },
      { errorCode: PRODUCER_FENCED },
      { errorCode: INVALID_EPOCH },
    ]);
  });
};
