import { createCore, type Core } from './broker/core.ts';
import type { Faults } from './broker/faults.ts';
import type { Retention } from './broker/log-policy.ts';
import type { RecordFilter, RequestRecord } from './broker/request-log.ts';
import { createLogFaults } from './broker/log-faults.ts';
import { inspectCore, type ClusterState } from './broker/inspect.ts';
import type { Listener, ListenOptions } from './wire/listener.ts';
import type { AuthorizerOptions } from './broker/acls.ts';
import type { SaslOptions } from './broker/mechanisms.ts';
import { createSystemClock, systemRandom, type Clock } from './clock.ts';

export interface ClusterOptions {
  /** The time that the cluster and all its clients live in; the process's own if not given. */
  readonly clock?: Clock;
  /** From 0 (included) to 1 (excluded): member ids, jitter of retries, where round robin begins. */
  readonly random?: () => number;
  /** Partitions of a topic that is created without a number; 1 if not given. */
  readonly autoCreatePartitions?: number;
  /** How much is kept of topics that have no retention of their own; everything if not given. */
  readonly retention?: Retention;
  /** How many brokers it has; 1 if not given. */
  readonly brokers?: number;
  /** Replicas of a topic that is created without a number; 1 if not given. */
  readonly replicationFactor?: number;
  /** Shorter sessions of group members are refused, as by `group.min.session.timeout.ms`; 6000 if not given, as in Kafka. */
  readonly minSessionTimeoutMs?: number;
  /** How long an empty group waits for more members, as `group.initial.rebalance.delay.ms`; 0 if not given. */
  readonly initialRebalanceDelayMs?: number;
  /** Who may log in; nobody has to, if not given. */
  readonly sasl?: SaslOptions;
  /** What decides who may do what, by ACLs; everybody may do everything, if not given. */
  readonly authorizer?: AuthorizerOptions;
}

/** A Kafka cluster in this process. Hand it to `new Kafka({ brokers, cluster })`. */
export interface MemoryCluster {
  readonly clock: Clock;
  /**
   * Makes a broker the leader of a partition, at once. Throws UNKNOWN_TOPIC_OR_PARTITION, and TypeError for a broker that is
   * not in sync.
   */
  moveLeader(topic: string, partition: number, nodeId: number): void;
  /**
   * Compacts a topic, or all that have `cleanup.policy=compact`, as if the last batch of each partition were alone in the segment
   * that is written to. Throws UNKNOWN_TOPIC_OR_PARTITION.
   */
  compact(topic?: string): void;
  /** Topics with their offsets, groups with their members, commits and lag, as they are now. */
  inspect(): ClusterState;
  /** Forgets topics, groups, transactions, faults, and ACLs that were not there from the beginning; members that are still running join anew. */
  reset(): void;
  /** Records the requests that arrive from now on, from clients in the process and over TCP, until it is stopped. */
  recordRequests(filter?: RecordFilter): RequestRecord;
  /** What a test can make go wrong. */
  readonly faults: Faults;
  /**
   * Opens a port on 127.0.0.1 for each broker (the given one and those behind it, or free ones) at which any client of Kafka,
   * in any process, finds this cluster; until it is closed, the process stays alive. Rejects with Node's error where the port is taken.
   */
  listen(port?: number, options?: ListenOptions): Promise<Listener>;
}

interface Registry {
  readonly cores: WeakMap<MemoryCluster, Core>;
  /** By address of a broker. */
  readonly shared: Map<string, MemoryCluster>;
}

const REGISTRY = Symbol.for('@order-pipeline/memory-kafka');

// On the global object, so that a process in which this module was loaded more than once still has one world: by `import`
// and by `require`, say, or anew after jest.resetModules().
const registryOf = (global: { [REGISTRY]?: Registry }): Registry =>
  (global[REGISTRY] ??= { cores: new WeakMap(), shared: new Map() });

const { cores, shared } = registryOf(globalThis as { [REGISTRY]?: Registry });

/** Kafka's. */
const DEFAULT_MIN_SESSION_TIMEOUT_MS = 6000;

const checkBrokers = (brokers: number, replicationFactor: number): void => {
  if (!Number.isInteger(brokers) || brokers < 1)
    throw new TypeError(`A cluster cannot have ${brokers} brokers`);
  if (replicationFactor >= 1 && replicationFactor <= brokers) return;
  throw new TypeError(`${brokers} brokers cannot hold ${replicationFactor} replicas`);
};

/** A cluster of its own, that no list of brokers leads to. */
export const createCluster = ({
  clock = createSystemClock(),
  random = systemRandom,
  autoCreatePartitions = 1,
  retention = {},
  brokers = 1,
  replicationFactor = 1,
  minSessionTimeoutMs = DEFAULT_MIN_SESSION_TIMEOUT_MS,
  initialRebalanceDelayMs = 0,
  sasl,
  authorizer,
}: ClusterOptions = {}): MemoryCluster => {
  checkBrokers(brokers, replicationFactor);
  const core = createCore({
    clock,
    random,
    autoCreatePartitions,
    retention,
    brokers,
    replicationFactor,
    groups: { minSessionTimeoutMs, initialRebalanceDelayMs },
    sasl,
    authorizer,
  });
  const cluster: MemoryCluster = {
    clock,
    inspect: () => inspectCore(core),
    moveLeader: core.moveLeader,
    compact: (topic) => {
      for (const name of topic === undefined ? core.topics.names() : [topic]) {
        for (const log of core.topics.describe(name, false).partitions) log.compact();
      }
    },
    reset: core.reset,
    recordRequests: (filter = {}) => core.gate.log.record(filter),
    listen: async (port = 0, options = {}) => {
      // A cluster that nobody reaches over TCP does without Kafka's protocol: that is a third of what there is to load.
      const { listen } = await import('./wire/listener.ts');
      return listen(core, port, options);
    },
    faults: {
      ...core.gate.faults,
      ...createLogFaults(core.topics, core.coordinator),
      rebalance: core.coordinator.rebalance,
      expireSession: core.coordinator.expire,
    },
  };
  cores.set(cluster, core);
  return cluster;
};

/**
 * The cluster that clients with any of these broker addresses share in this process; made when first asked for, and only
 * then do `options` count. So a test reaches, or prepares, the cluster of clients that it does not construct itself.
 */
export const clusterOf = (brokers: readonly string[], options: ClusterOptions = {}): MemoryCluster => {
  const known = brokers.map((address) => shared.get(address)).find((cluster) => cluster !== undefined);
  const cluster = known ?? createCluster(options);
  for (const address of brokers) if (!shared.has(address)) shared.set(address, cluster);
  return cluster;
};

/** The inside of a cluster; `brokers` are the addresses by which a client came to it. */
export const openCore = (cluster: MemoryCluster, brokers: readonly string[]): Core => {
  const core = cores.get(cluster);
  if (core === undefined) throw new TypeError('The cluster was not made by createCluster');
  for (const address of brokers) if (!core.addresses.includes(address)) core.addresses.push(address);
  return core;
};
