import type { Offsets, Transaction } from 'kafkajs';
import type { ProducerIdentity } from '../broker/transactions.ts';
import { nonRetriable } from '../errors.ts';
import { createQueue } from '../turns.ts';
import type { ClusterView } from './metadata.ts';
import type { OffsetsBoard } from './offsets-board.ts';
import type { WriterIdentity } from './produce.ts';
import { toPartition } from './typing-gaps.ts';
import type { Sender } from './producer.ts';

export interface TransactionParts {
  readonly view: ClusterView;
  readonly transactionalId: string | undefined;
  readonly transactionTimeout: number;
  readonly createSender: (writer: WriterIdentity, needsAllAcks: boolean) => Sender;
  readonly board: OffsetsBoard;
}

const toCommits = (offsets: Offsets) =>
  offsets.topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset }) => ({
      topic,
      partition: toPartition(partition),
      offset: Number(BigInt(offset)),
      metadata: null,
    })),
  );

interface TransactionState {
  /** Given once, at the first transaction. */
  identity: ProducerIdentity | undefined;
  isOpen: boolean;
}

const sendOffsets = async (
  { view, board }: TransactionParts,
  transactionalId: string,
  as: ProducerIdentity,
  { consumerGroupId, ...offsets }: Offsets & { consumerGroupId: string },
): Promise<void> => {
  const commits = toCommits(offsets);
  await view.request('transaction', (core) => {
    core.transactions.check(transactionalId, as);
    core.transactions.addOffsets(transactionalId, consumerGroupId, commits);
  });
  for (const commit of commits) board.announce(consumerGroupId, commit);
};

const createTransaction = (
  { parts, state, sender }: { parts: TransactionParts; state: TransactionState; sender: Sender },
  transactionalId: string,
  as: ProducerIdentity,
): Transaction => {
  let isActive = true;
  const guarded = async <T>(call: () => Promise<T>): Promise<T> => {
    if (!isActive) throw nonRetriable('Cannot continue to use transaction once ended');
    return call();
  };

  const end = async (committed: boolean): Promise<void> => {
    isActive = false;
    state.isOpen = false;
    await parts.view.request('transaction', (core) => {
      core.transactions.check(transactionalId, as);
      core.transactions.end(transactionalId, committed);
    });
  };

  return {
    send: (record) => guarded(() => sender.send(record)),
    sendBatch: (batch) => guarded(() => sender.sendBatch(batch)),
    sendOffsets: (offsets) => guarded(() => sendOffsets(parts, transactionalId, as, offsets)),
    commit: () => guarded(() => end(true)),
    abort: () => guarded(() => end(false)),
    isActive: () => isActive,
  };
};

const identify = async (
  { view, transactionTimeout }: TransactionParts,
  state: TransactionState,
  id: string,
) => {
  state.isOpen = true;
  try {
    return await view.request('transaction', (core) => core.transactions.identify(id, transactionTimeout));
  } catch (error) {
    state.isOpen = false;
    throw error;
  }
};

/** What `producer.transaction()` does. */
export const createTransactionFactory = (parts: TransactionParts): (() => Promise<Transaction>) => {
  const sequences = new Map<string, number>();
  const inTurn = createQueue();
  const state: TransactionState = { identity: undefined, isOpen: false };

  return async () => {
    const { transactionalId } = parts;
    if (!transactionalId) throw nonRetriable('Must provide transactional id for transactional producer');
    if (state.isOpen) {
      throw nonRetriable(
        'There is already an ongoing transaction for this producer. Please end the transaction before beginning another.',
      );
    }
    state.isOpen = true;
    const as = state.identity ?? (await identify(parts, state, transactionalId));
    state.identity = as;
    const sender = parts.createSender({ identity: () => as, transactionalId, sequences, inTurn }, true);
    return createTransaction({ parts, state, sender }, transactionalId, as);
  };
};
