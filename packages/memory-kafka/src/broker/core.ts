import { timestampOf, type Clock } from '../clock.ts';
import type { Surroundings } from '../retry.ts';
import { createNextTurn, type NextTurn } from '../turns.ts';
import { createAuthorizer, type Authorizer, type AuthorizerOptions } from './acls.ts';
import { createCoordinator, type Coordinator } from './coordinator.ts';
import { createGate, type Gate, type PowerSwitches } from './gate.ts';
import {
  createInterrupter,
  fetchFrom,
  type FetchedPartition,
  type FetchRequest,
  type Interrupter,
} from './fetch.ts';
import type { GroupLimits } from './group-types.ts';
import type { Retention } from './log-policy.ts';
import type { SaslOptions } from './mechanisms.ts';
import { createSasl, type Sasl } from './sasl.ts';
import { createTopics, type Topics } from './topics.ts';
import { createTransactions, type Transactions } from './transactions.ts';
import { protocolError } from '../errors.ts';
import type { ProtocolErrorType } from '../protocol-errors.ts';
import { addressAt, type BrokerAddress } from './addresses.ts';
import { createBrokers, moveLeader, NODE_ID, type Brokers } from './brokers.ts';
import { createBrokerConfigs, type BrokerConfigs } from './broker-configs.ts';
import type { PartitionLog } from './partition-log.ts';
import { NO_LEADER } from './placement.ts';
import { areReplicas } from './topic-refusals.ts';

/** The broker's side of a cluster, as the clients of this package see it. */
export interface Core extends Surroundings {
  readonly topics: Topics;
  readonly coordinator: Coordinator;
  readonly transactions: Transactions;
  readonly gate: Gate;
  readonly nextTurn: NextTurn;
  fetch(request: FetchRequest): FetchedPartition[] | Promise<FetchedPartition[]>;
  readonly brokers: Brokers;
  /** Where clients log in; undefined if nobody has to. */
  readonly sasl: Sasl | undefined;
  /** Decides who may do what; undefined if everybody may do everything. */
  readonly authorizer: Authorizer | undefined;
  /** Every address by which a client has asked for this cluster; the first is that of the first broker, and so on. */
  readonly addresses: string[];
  /** Of a broker, or of the first one. */
  address(nodeId?: number): BrokerAddress;
  /** Throws UNKNOWN_TOPIC_OR_PARTITION, and TypeError for a broker that has not all of it. */
  moveLeader(topic: string, partition: number, nodeId: number): void;
  /** Why a partition cannot be moved to these brokers, or its move be called off if null; undefined if it was moved. */
  reassign(
    topic: string,
    partition: number,
    replicas: readonly number[] | null,
  ): ProtocolErrorType | undefined;
  /** What the brokers are configured with. */
  readonly brokerConfigs: BrokerConfigs;
  reset(): void;
}

export interface CoreOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly autoCreatePartitions: number;
  readonly retention: Retention;
  /** How many there are. */
  readonly brokers: number;
  /** Of topics that are created without one. */
  readonly replicationFactor: number;
  readonly groups: GroupLimits;
  /** Who may log in; nobody has to, if not given. */
  readonly sasl: SaslOptions | undefined;
  /** What decides who may do what; everybody may do everything, if not given. */
  readonly authorizer: AuthorizerOptions | undefined;
}

/** Kafka's stand-ins for 'the end of the log' and 'its beginning'. */
export const LATEST_OFFSET = -1;
export const EARLIEST_OFFSET = -2;

/** Whether a client that asks `leader` for the partition asks its leader; undefined asks the present leader. Throws what that one answers. */
export const checkLeader = ({ placement }: PartitionLog, leader: number | undefined): void => {
  if (placement.leader === NO_LEADER) throw protocolError('LEADER_NOT_AVAILABLE');
  if (leader !== undefined && placement.leader !== leader) throw protocolError('NOT_LEADER_FOR_PARTITION');
};

interface PowerParts {
  readonly brokers: Brokers;
  readonly topics: Topics;
  readonly coordinator: Coordinator;
  /** Calls home who waits for messages. */
  readonly bell: Interrupter;
}

/** What brokers that go and come mean for partitions and groups. */
const createPower = ({ brokers, topics, coordinator, bell }: PowerParts): PowerSwitches => ({
  down: (nodeIds) => {
    const orphans = new Set(
      coordinator.all().flatMap(({ id }) => (nodeIds.includes(brokers.coordinatorOf(id)) ? [id] : [])),
    );
    brokers.takeDown(nodeIds, topics.placements());
    bell.fire();
    if (brokers.up().length === 0) coordinator.suspend();
    else coordinator.takeOver((groupId) => orphans.has(groupId));
  },
  up: (nodeIds) => {
    const wereAllDown = brokers.up().length === 0;
    brokers.bringUp(nodeIds, topics.placements());
    bell.fire();
    if (wereAllDown) coordinator.resume();
  },
});

/** What the options of a cluster mean for the configurations of its brokers. */
const initialBrokerConfigs = ({ replicationFactor, groups, autoCreatePartitions, sasl }: CoreOptions) => ({
  'connections.max.reauth.ms': String(sasl?.maxReauthMs ?? 0),
  'default.replication.factor': String(replicationFactor),
  'group.initial.rebalance.delay.ms': String(groups.initialRebalanceDelayMs),
  'group.min.session.timeout.ms': String(groups.minSessionTimeoutMs),
  'num.partitions': String(autoCreatePartitions),
});

const createReassign =
  ({ brokers, topics, bell }: Pick<PowerParts, 'brokers' | 'topics' | 'bell'>): Core['reassign'] =>
  (topic, partition, replicas) => {
    const log = topics.find(topic)?.partitions[partition];
    if (log === undefined) return 'UNKNOWN_TOPIC_OR_PARTITION';
    if (replicas === null) return 'NO_REASSIGNMENT_IN_PROGRESS';
    if (!areReplicas([replicas], brokers.ids.length)) return 'INVALID_REPLICA_ASSIGNMENT';
    brokers.reassign(log.placement, replicas);
    bell.fire();
    return undefined;
  };

/** Brokers without topics or groups. */
export const createCore = (options: CoreOptions): Core => {
  const { clock, random, autoCreatePartitions, retention } = options;
  const addresses: string[] = [];
  const brokers = createBrokers(options.brokers);
  const bell = createInterrupter();
  const topics = createTopics({
    defaultPartitions: autoCreatePartitions,
    retention,
    now: () => timestampOf(clock),
    brokerCount: options.brokers,
    defaultReplicas: options.replicationFactor,
    place: brokers.place,
  });
  const coordinator = createCoordinator(
    { clock, random, limits: options.groups },
    (topic, partition) => topics.find(topic)?.partitions[partition] !== undefined,
  );
  const brokerConfigs = createBrokerConfigs(initialBrokerConfigs(options));
  const transactions = createTransactions(clock, coordinator);
  const address = (nodeId = NODE_ID) => addressAt(addresses, nodeId - NODE_ID);
  const sasl = options.sasl && createSasl(options.sasl, { clock, random });
  const authorizer = options.authorizer && createAuthorizer(options.authorizer);
  const gate = createGate({
    clock,
    random,
    brokers,
    address,
    authorizer,
    first: createPower({ brokers, topics, coordinator, bell }),
  });

  return {
    clock,
    random,
    topics,
    coordinator,
    transactions,
    gate,
    nextTurn: createNextTurn(clock),
    fetch: (request) => fetchFrom({ clock, find: topics.partition, bell }, request),
    brokers,
    sasl,
    authorizer,
    addresses,
    address,
    moveLeader: (topic, partition, nodeId) => {
      moveLeader(topics.partition(topic, partition).placement, nodeId);
      bell.fire();
    },
    reassign: createReassign({ brokers, topics, bell }),
    brokerConfigs,
    reset: () => {
      brokerConfigs.clear();
      gate.faults.clear();
      transactions.clear();
      coordinator.clear();
      topics.clear();
      authorizer?.reset();
    },
  };
};
