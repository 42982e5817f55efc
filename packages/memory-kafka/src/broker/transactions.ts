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
   * A new identity; the transactional id's former owner is fenced, and its open transaction aborted. Throws
   * INVALID_TRANSACTION_TIMEOUT.
   */
  identify(transactionalId: string | undefined, timeoutMs: number): ProducerIdentity;
  /** Throws INVALID_PRODUCER_EPOCH when somebody else has taken over the transactional id. */
  check(transactionalId: string, identity: ProducerIdentity): void;
  /** Remembers that the transaction writes to this log. */
  enlist(transactionalId: string, log: PartitionLog): void;
  /** Remembers offsets that are committed when the transaction is. Throws UNKNOWN_TOPIC_OR_PARTITION. */
  addOffsets(transactionalId: string, groupId: string, offsets: readonly OffsetToCommit[]): void;
  /** Ends the owner's transaction; does nothing for somebody who owned the transactional id before. */
  end(transactionalId: string, identity: ProducerIdentity, committed: boolean): void;
  clear(): void;
}

interface Owner {
  identity: ProducerIdentity;
  timeoutMs: number;
  logs: Set<PartitionLog>;
  /** What commits the offsets that were sent with the transaction. */
  commits: (() => void)[];
  cancelTimeout: Cancel;
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

const finish = (surroundings: Surroundings, owner: Owner, committed: boolean): void => {
  const writer: Writer = { ...owner.identity, firstSequence: -1, transactional: true };
  owner.cancelTimeout();
  for (const log of owner.logs) log.endTransaction(writer, committed, timestampOf(surroundings.clock));
  if (committed) for (const commit of owner.commits) commit();
  owner.logs = new Set();
  owner.commits = [];
};

const bumpEpoch = (owner: Owner): void => {
  const { producerId, producerEpoch } = owner.identity;
  owner.identity = { producerId, producerEpoch: producerEpoch + 1 };
};

/** A transaction that is left alone is aborted when the cluster next looks at them, and its producer fenced. */
const beginUnlessOpen = (surroundings: Surroundings, owner: Owner): void => {
  if (owner.logs.size > 0 || owner.commits.length > 0) return;
  const abort = (): void => {
    finish(surroundings, owner, false);
    bumpEpoch(owner);
  };
  const { clock, startedAt } = surroundings;
  const dueAt = clock.monotonic() - startedAt + owner.timeoutMs;
  const checkedAt = (Math.floor(dueAt / CHECK_INTERVAL_MS) + 1) * CHECK_INTERVAL_MS;
  owner.cancelTimeout = clock.after(startedAt + checkedAt - clock.monotonic(), abort, true);
};

/** No producers yet. */
export const createTransactions = (clock: Clock, coordinator: Coordinator): Transactions => {
  const surroundings: Surroundings = { clock, coordinator, startedAt: clock.monotonic() };
  let lastProducerId = -1;
  const owners = new Map<string, Owner>();

  const ownerOf = (transactionalId: string): Owner => {
    const owner = owners.get(transactionalId);
    if (owner === undefined) throw protocolError('INVALID_TXN_STATE');
    return owner;
  };

  const create = (): ProducerIdentity => {
    lastProducerId += 1;
    return { producerId: lastProducerId, producerEpoch: 0 };
  };

  return {
    identify: (transactionalId, timeoutMs) => {
      if (transactionalId === undefined) return create();
      if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)) throw protocolError('INVALID_TRANSACTION_TIMEOUT');
      const known = owners.get(transactionalId);
      if (known !== undefined) {
        finish(surroundings, known, false);
        bumpEpoch(known);
        known.timeoutMs = timeoutMs;
        return known.identity;
      }
      const identity = create();
      const logs = new Set<PartitionLog>();
      owners.set(transactionalId, { identity, timeoutMs, logs, commits: [], cancelTimeout: nothing });
      return identity;
    },
    check: (transactionalId, { producerEpoch }) => {
      if (ownerOf(transactionalId).identity.producerEpoch !== producerEpoch) {
        throw protocolError('INVALID_PRODUCER_EPOCH');
      }
    },
    enlist: (transactionalId, log) => {
      const owner = ownerOf(transactionalId);
      beginUnlessOpen(surroundings, owner);
      owner.logs.add(log);
    },
    addOffsets: (transactionalId, groupId, offsets) => {
      const owner = ownerOf(transactionalId);
      const commit = coordinator.prepareForTransaction(groupId, offsets);
      beginUnlessOpen(surroundings, owner);
      owner.commits.push(commit);
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
