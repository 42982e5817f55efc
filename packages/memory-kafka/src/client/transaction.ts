import assert from 'node:assert';
import type { Offsets, Transaction } from 'kafkajs';
import type { OffsetToCommit } from '../broker/group-types.ts';
import { throwRefusal } from '../broker/refusals.ts';
import type { RequestAbout } from '../broker/requests.ts';
import type { ProducerIdentity } from '../broker/transactions.ts';
import { nonRetriable, toError, typeOf } from '../errors.ts';
import { withRetries } from '../retry.ts';
import { createQueue } from '../turns.ts';
import { findingCoordinator } from './find-coordinator.ts';
import type { ClusterView } from './metadata.ts';
import type { OffsetsBoard } from './offsets-board.ts';
import type { WriterIdentity } from './produce-request.ts';
import { metadataOf, toPartition } from './typing-gaps.ts';
import type { Sender } from './sender.ts';

export interface TransactionParts {
  readonly view: ClusterView;
  readonly transactionalId: string | undefined;
  readonly transactionTimeout: number;
  readonly createSender: (writer: WriterIdentity, needsAllAcks: boolean) => Sender;
  readonly board: OffsetsBoard;
}

const toCommits = (offsets: Offsets): OffsetToCommit[] =>
  offsets.topics.flatMap(({ topic, partitions }) =>
    partitions.map((entry) => ({
      topic,
      partition: toPartition(entry.partition),
      offset: Number(BigInt(entry.offset)),
      metadata: metadataOf(entry),
    })),
  );

interface TransactionState {
  /** Given once, at the first transaction. */
  identity: ProducerIdentity | undefined;
  /** A producer whose transaction could not be ended stays in that state for ever, as in kafkajs. */
  phase: 'READY' | 'TRANSACTING' | 'COMMITTING' | 'ABORTING';
}

const storeOffsets = async (
  view: ClusterView,
  about: RequestAbout,
  store: Parameters<typeof view.request<void>>[1],
): Promise<void> => {
  // With kafkajs's own retries, whatever the instance is configured with.
  await withRetries(await view.connection.core(), {}, async ({ bail }) => {
    try {
      await view.request(about, store);
    } catch (error) {
      if (typeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') bail(error);
      throw toError(error);
    }
  });
};

const sendOffsets = async (
  { view, board }: TransactionParts,
  transactionalId: string,
  as: ProducerIdentity,
  { consumerGroupId, ...offsets }: Offsets & { consumerGroupId: string },
): Promise<void> => {
  assert.ok(consumerGroupId, 'Missing consumerGroupId');
  assert.ok(offsets.topics, 'Missing offset topics');
  const commits = toCommits(offsets);
  const about = {
    name: 'TxnOffsetCommit' as const,
    groupId: consumerGroupId,
    transactionalId,
    places: () => commits,
  };
  await storeOffsets(view, about, (core, refused) => {
    for (const { topic } of commits) throwRefusal(refused.topic(topic));
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
  let isOngoing = false;
  const guarded = async <T>(call: () => Promise<T>): Promise<T> => {
    if (!isActive) throw nonRetriable('Cannot continue to use transaction once ended');
    return call();
  };

  const ongoing = async <T>(call: Promise<T>): Promise<T> => {
    const answer = await call;
    isOngoing = true;
    return answer;
  };

  const end = async (committed: boolean): Promise<void> => {
    isActive = false;
    state.phase = committed ? 'COMMITTING' : 'ABORTING';
    await parts.view.request({ name: 'EndTxn', transactionalId }, (core) => {
      // A transaction without requests asks nobody, and does not learn that it was fenced off.
      if (isOngoing) core.transactions.check(transactionalId, as);
      core.transactions.end(transactionalId, as, committed);
    });
    state.phase = 'READY';
  };

  return {
    send: (record) => guarded(() => ongoing(sender.send(record))),
    sendBatch: (batch) => guarded(() => ongoing(sender.sendBatch(batch))),
    sendOffsets: (offsets) => guarded(() => ongoing(sendOffsets(parts, transactionalId, as, offsets))),
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
  try {
    const about = { transactionalId: id };
    return await findingCoordinator(view, [about], () =>
      view.request({ name: 'InitProducerId', ...about }, (core) =>
        core.transactions.identify(id, transactionTimeout),
      ),
    );
  } catch (error) {
    state.phase = 'READY';
    throw error;
  }
};

const checkPhase = ({ phase }: TransactionState): void => {
  if (phase === 'READY') return;
  if (phase === 'TRANSACTING') {
    throw nonRetriable(
      'There is already an ongoing transaction for this producer. Please end the transaction before beginning another.',
    );
  }
  throw nonRetriable(`Transaction state exception: Cannot call "beginTransaction" in state "${phase}"`);
};

/** What `producer.transaction()` does. */
export const createTransactionFactory = (parts: TransactionParts): (() => Promise<Transaction>) => {
  const sequences = new Map<string, number>();
  const inTurn = createQueue();
  const state: TransactionState = { identity: undefined, phase: 'READY' };

  return async () => {
    const { transactionalId } = parts;
    if (!transactionalId) throw nonRetriable('Must provide transactional id for transactional producer');
    checkPhase(state);
    state.phase = 'TRANSACTING';
    const as = state.identity ?? (await identify(parts, state, transactionalId));
    state.identity = as;
    const sender = parts.createSender({ identity: () => as, transactionalId, sequences, inTurn }, true);
    return createTransaction({ parts, state, sender }, transactionalId, as);
  };
};
