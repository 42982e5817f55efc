import { protocolError } from '../errors.ts';
import { timestampOf, type Cancel, type Clock } from '../clock.ts';
import type { Coordinator } from './coordinator.ts';
import type { OffsetToCommit } from './group-types.ts';
import type { PartitionLog, Writer } from './partition-log.ts';

/** Who a producer is to the broker; an older epoch of the same id is fenced off. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** The producers that have an identity, and their open transactions. */
export interface Transactions {
  /**
   * A new identity; the transactional id's former owner is fenced, and its open transaction aborted. `expected` is who asks, where
   * that is said: the owner, or who has not had the last answer. Throws INVALID_TRANSACTION_TIMEOUT, and INVALID_PRODUCER_EPOCH for
   * anybody else.
   */
  identify(
    transactionalId: string | undefined,
    timeoutMs: number,
    expected?: ProducerIdentity,
  ): ProducerIdentity;
  /**
   * Throws INVALID_PRODUCER_ID_MAPPING for a producer id that was not given out for the transactional id, INVALID_PRODUCER_EPOCH
   * when somebody else has taken that over.
   */
  check(transactionalId: string, identity: ProducerIdentity): void;
  /** The transaction writes to this log; one begins if none is open. */
  enlist(transactionalId: string, log: PartitionLog): void;
  /** The transaction commits offsets of this group; one begins if none is open. */
  enlistGroup(transactionalId: string, groupId: string): void;
  /** Throws INVALID_TXN_STATE for a log, or a group, that the open transaction was not announced to write to. */
  checkEnlisted(transactionalId: string, target: PartitionLog | string): void;
  /** Remembers offsets that are committed when the transaction is. Throws UNKNOWN_TOPIC_OR_PARTITION. */
  addOffsets(transactionalId: string, groupId: string, offsets: readonly OffsetToCommit[]): void;
  /** Throws INVALID_TXN_STATE where no transaction is open, unless the last one has ended like this. */
  checkEnding(transactionalId: string, committed: boolean): void;
  /** Ends the owner's transaction; does nothing for somebody who owned the transactional id before. */
  end(transactionalId: string, identity: ProducerIdentity, committed: boolean): void;
  clear(): void;
}

interface Owner {
  identity: ProducerIdentity;
  /** The epoch with which the owner itself asked for the present one. */
  previousEpoch: number | undefined;
  timeoutMs: number;
  logs: Set<PartitionLog>;
  groups: Set<string>;
  /** What commits the offsets that were sent with the transaction. */
  commits: (() => void)[];
  cancelTimeout: Cancel;
  /** Of the last transaction; `EMPTY` if there was none under this identity. */
  state: 'EMPTY' | 'ONGOING' | 'COMMITTED' | 'ABORTED';
}

interface Surroundings {
  readonly clock: Clock;
  readonly coordinator: Coordinator;
  /** Since when the cluster has been there, by its clock. */
  readonly startedAt: number;
}

const nothing = (): void => undefined;

/** Kafka's `transaction.max.timeout.ms`. */
const MAX_TIMEOUT_MS = 15 * 60_000;

/** Kafka's `transaction.abort.timed.out.transaction.cleanup.interval.ms`. */
const CHECK_INTERVAL_MS = 10_000;

const createOwner = (identity: ProducerIdentity, timeoutMs: number): Owner => ({
  identity,
  previousEpoch: undefined,
  timeoutMs,
  logs: new Set(),
  groups: new Set(),
  commits: [],
  cancelTimeout: nothing,
  state: 'EMPTY',
});

const finish = (surroundings: Surroundings, owner: Owner, committed: boolean): void => {
  const writer: Writer = { ...owner.identity, firstSequence: -1, transactional: true };
  owner.cancelTimeout();
  for (const log of owner.logs) log.endTransaction(writer, committed, timestampOf(surroundings.clock));
  if (committed) for (const commit of owner.commits) commit();
  owner.logs = new Set();
  owner.groups = new Set();
  owner.commits = [];
  if (owner.state === 'ONGOING') owner.state = committed ? 'COMMITTED' : 'ABORTED';
};

const bumpEpoch = (owner: Owner): void => {
  const { producerId, producerEpoch } = owner.identity;
  owner.identity = { producerId, producerEpoch: producerEpoch + 1 };
  owner.previousEpoch = undefined;
};

/** A transaction that is left alone is aborted when the cluster next looks at them, and its producer fenced. */
const beginUnlessOpen = (surroundings: Surroundings, owner: Owner): void => {
  if (owner.state === 'ONGOING') return;
  owner.state = 'ONGOING';
  const abort = (): void => {
    finish(surroundings, owner, false);
    bumpEpoch(owner);
  };
  const { clock, startedAt } = surroundings;
  const dueAt = clock.monotonic() - startedAt + owner.timeoutMs;
  const checkedAt = (Math.floor(dueAt / CHECK_INTERVAL_MS) + 1) * CHECK_INTERVAL_MS;
  owner.cancelTimeout = clock.after(startedAt + checkedAt - clock.monotonic(), abort, true);
};

/** The owner under a new epoch, or under the present one for who has not had that answer. Throws INVALID_PRODUCER_EPOCH. */
const identifyAgain = (
  surroundings: Surroundings,
  owner: Owner,
  timeoutMs: number,
  expected: ProducerIdentity | undefined,
): ProducerIdentity => {
  const { producerId, producerEpoch } = owner.identity;
  if (expected !== undefined) {
    if (expected.producerId !== producerId) throw protocolError('INVALID_PRODUCER_EPOCH');
    if (expected.producerEpoch === owner.previousEpoch) return owner.identity;
    if (expected.producerEpoch !== producerEpoch) throw protocolError('INVALID_PRODUCER_EPOCH');
  }
  finish(surroundings, owner, false);
  bumpEpoch(owner);
  owner.previousEpoch = expected?.producerEpoch;
  owner.timeoutMs = timeoutMs;
  owner.state = 'EMPTY';
  return owner.identity;
};

/** No producers yet. */
export const createTransactions = (clock: Clock, coordinator: Coordinator): Transactions => {
  const surroundings: Surroundings = { clock, coordinator, startedAt: clock.monotonic() };
  let lastProducerId = -1;
  const owners = new Map<string, Owner>();

  const ownerOf = (transactionalId: string): Owner => {
    const owner = owners.get(transactionalId);
    if (owner === undefined) throw protocolError('INVALID_PRODUCER_ID_MAPPING');
    return owner;
  };

  const openOf = (transactionalId: string): Owner => {
    const owner = ownerOf(transactionalId);
    beginUnlessOpen(surroundings, owner);
    return owner;
  };

  const create = (): ProducerIdentity => {
    lastProducerId += 1;
    return { producerId: lastProducerId, producerEpoch: 0 };
  };

  return {
    identify: (transactionalId, timeoutMs, expected) => {
      if (transactionalId === undefined) return create();
      if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)) throw protocolError('INVALID_TRANSACTION_TIMEOUT');
      const known = owners.get(transactionalId);
      if (known !== undefined) return identifyAgain(surroundings, known, timeoutMs, expected);
      const owner = createOwner(create(), timeoutMs);
      owners.set(transactionalId, owner);
      return owner.identity;
    },
    check: (transactionalId, { producerId, producerEpoch }) => {
      const { identity } = ownerOf(transactionalId);
      if (identity.producerId !== producerId) throw protocolError('INVALID_PRODUCER_ID_MAPPING');
      if (identity.producerEpoch !== producerEpoch) throw protocolError('INVALID_PRODUCER_EPOCH');
    },
    enlist: (transactionalId, log) => void openOf(transactionalId).logs.add(log),
    enlistGroup: (transactionalId, groupId) => void openOf(transactionalId).groups.add(groupId),
    checkEnlisted: (transactionalId, target) => {
      const { logs, groups } = ownerOf(transactionalId);
      const isEnlisted = typeof target === 'string' ? groups.has(target) : logs.has(target);
      if (!isEnlisted) throw protocolError('INVALID_TXN_STATE');
    },
    addOffsets: (transactionalId, groupId, offsets) => {
      const commit = coordinator.prepareForTransaction(groupId, offsets);
      openOf(transactionalId).commits.push(commit);
    },
    checkEnding: (transactionalId, committed) => {
      const { state } = ownerOf(transactionalId);
      const ended = committed ? 'COMMITTED' : 'ABORTED';
      if (state !== 'ONGOING' && state !== ended) throw protocolError('INVALID_TXN_STATE');
    },
    end: (transactionalId, { producerEpoch }, committed) => {
      const owner = ownerOf(transactionalId);
      if (owner.identity.producerEpoch === producerEpoch) finish(surroundings, owner, committed);
    },
    clear: () => {
      for (const owner of owners.values()) owner.cancelTimeout();
      owners.clear();
    },
  };
};
