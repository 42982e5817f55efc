import kafkajs from 'kafkajs';
import type { Offsets, Transaction } from 'kafkajs';
import type { ProducerIdentity } from '../broker/transactions.ts';
import { nonRetriable } from '../errors.ts';
import type { ClusterView } from './metadata.ts';
import type { OffsetsBoard } from './offsets-board.ts';
import type { WriterIdentity } from './produce.ts';
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
      partition: Number(partition),
      offset: Number(BigInt(offset)),
      metadata: null,
    })),
  );

/** What `producer.transaction()` does. */
export const createTransactionFactory = (parts: TransactionParts): (() => Promise<Transaction>) => {
  const { view, transactionTimeout, createSender, board } = parts;
  const sequences = new Map<string, number>();
  let identity: ProducerIdentity | undefined;
  let isOpen = false;

  const begin = async (transactionalId: string): Promise<Transaction> => {
    if (isOpen) {
      throw nonRetriable(
        'There is already an ongoing transaction for this producer. Please end the transaction before beginning another.',
      );
    }
    isOpen = true;
    try {
      identity ??= await view.request('transaction', (core) =>
        core.transactions.identify(transactionalId, transactionTimeout),
      );
    } catch (error) {
      isOpen = false;
      throw error;
    }
    return createTransaction(transactionalId, identity);
  };

  const createTransaction = (transactionalId: string, as: ProducerIdentity): Transaction => {
    let isActive = true;
    const guarded = async <T>(call: () => Promise<T>): Promise<T> => {
      if (!isActive) throw nonRetriable('Cannot continue to use transaction once ended');
      return call();
    };

    const end = async (committed: boolean): Promise<void> => {
      isActive = false;
      isOpen = false;
      await view.request('transaction', (core) => {
        core.transactions.check(transactionalId, as);
        core.transactions.end(transactionalId, committed);
      });
    };

    const sendOffsets = async ({ consumerGroupId, ...offsets }: Offsets & { consumerGroupId: string }) => {
      const commits = toCommits(offsets);
      await view.request('transaction', (core) => {
        core.transactions.check(transactionalId, as);
        core.transactions.addOffsets(transactionalId, consumerGroupId, commits);
      });
      for (const commit of commits) board.announce(consumerGroupId, commit);
    };

    const sender = createSender({ identity: () => as, transactionalId, sequences }, true);
    return {
      send: (record) => guarded(() => sender.send(record)),
      sendBatch: (batch) => guarded(() => sender.sendBatch(batch)),
      sendOffsets: (offsets) => guarded(() => sendOffsets(offsets)),
      commit: () => guarded(() => end(true)),
      abort: () => guarded(() => end(false)),
      isActive: () => isActive,
    };
  };

  return async () => {
    if (!parts.transactionalId) {
      throw new kafkajs.KafkaJSNonRetriableError('Must provide transactional id for transactional producer');
    }
    return begin(parts.transactionalId);
  };
};
