import type { ProtocolErrorType } from '../protocol-errors.ts';
import type { Api } from './apis.ts';
import type { RequestFilter, RequestName } from './requests.ts';

/** Which requests a fault hits; once, the next one that is meant, if nothing is said. */
export interface When extends RequestFilter {
  /** How many requests are hit; 1 if not said, and any number of them with a `probability`. */
  readonly times?: number;
  /** Of those that are meant, the share that is hit, from 0 to 1: drawn from the cluster's `random`. */
  readonly probability?: number;
}

/** A fault that was ordered. */
export interface FaultHandle {
  /** How many requests it has hit. */
  fired(): number;
  /** It hits no further requests. */
  cancel(): void;
}

/** Requests that are held up. */
export interface Hold extends FaultHandle {
  /** How many requests wait. */
  waiting(): number;
  /** Lets those go on that wait, and holds up no more; so does `cancel()`. */
  release(): void;
}

/** Faults that happen now and then. Shares are of the requests of a kind, from 0 (none) to 1 (each). */
export interface Chances {
  readonly refuse?: { readonly share: number; readonly type: ProtocolErrorType };
  /** Each delay is between 0 and `upToMs` milliseconds of the cluster's clock. */
  readonly delay?: { readonly share: number; readonly upToMs: number };
  readonly loseAnswer?: { readonly share: number };
}

/** Which records a broker loses that had not written them to its disk yet. */
export interface Unflushed {
  /** All partitions if not said. */
  readonly partition?: number;
  /** How many of the last records of each partition; what was sent in one request is lost as a whole. */
  readonly messages: number;
}

/** From where a group gets messages once more. */
export interface OlderOffset {
  readonly topic: string;
  /** All partitions if not said. */
  readonly partition?: number;
  /** A group that has committed less stays where it is. */
  readonly offset: number;
}

/** What a test can make go wrong. */
export interface Faults {
  /**
   * Takes a broker away, or all of them: requests in flight fail, no connection succeeds. Its partitions get another leader
   * among the replicas in sync, its groups another coordinator; without any broker, group sessions do not expire. Throws
   * TypeError for a broker that there is not.
   */
  brokerDown(nodeId?: number): void;
  /** Brings it back, with everything that was acknowledged; group members have their whole session timeout again. */
  brokerUp(nodeId?: number): void;
  /** Whether that broker is down; without a number, whether all of them are. */
  isBrokerDown(nodeId?: number): boolean;
  /**
   * Answers requests of this kind (one of `APIS`, or Kafka's own name of a request) with a refusal; nothing of them is
   * carried out, unless it is for some partitions only: then what a `Produce` or an `OffsetCommit` brings for others is.
   * Throws TypeError for a kind of request that there is not, as do the others below, and for a type that kafkajs does not
   * know.
   */
  refuse(api: Api | RequestName, type: ProtocolErrorType, when?: When): FaultHandle;
  /** Holds up requests of this kind for `ms` milliseconds of the cluster's clock. */
  delay(api: Api | RequestName, ms: number, when?: When): FaultHandle;
  /** Holds up requests of this kind until they are let go. */
  hold(api: Api | RequestName, when?: When): Hold;
  /** Carries out requests of this kind, but the connection breaks before the answer. */
  loseAnswer(api: Api | RequestName, when?: When): FaultHandle;
  /**
   * From now on lets some of the requests of this kind go wrong, drawn from the cluster's `random`: with a seeded one,
   * and requests in the same order, the same ones. Replaces the chances that this kind had before.
   */
  chance(api: Api, chances: Chances): void;
  /**
   * Drops the end of a topic's partitions, although it was acknowledged: as a broker does that loses its power before its
   * pages are flushed, and has no replica. Readers beyond the new end start over where `fromBeginning` says; committed
   * offsets stay as they are. Throws UNKNOWN_TOPIC_OR_PARTITION.
   */
  dropUnflushed(topic: string, unflushed: Unflushed): void;
  /**
   * Delivers to a group again from an older offset, as when the last commits were lost: its commits go back to there, and
   * its members are evicted, so that they read on from the commits. Throws UNKNOWN_TOPIC_OR_PARTITION.
   */
  redeliver(groupId: string, from: OlderOffset): void;
  /** Makes a group rebalance, as if a member had joined or left. */
  rebalance(groupId: string): void;
  /** Evicts a member of a group (every member, if none is named) as if its session had timed out. */
  expireSession(groupId: string, memberId?: string): void;
  /** Takes back all faults that have not happened yet, and brings the broker back. */
  clear(): void;
}

/** The faults that requests meet on their way. */
export type RequestFaults = Omit<Faults, 'rebalance' | 'expireSession' | 'dropUnflushed' | 'redeliver'>;
