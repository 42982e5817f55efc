import { timestampOf, type Clock } from '../clock.ts';
import type { Surroundings } from '../retry.ts';
import { createNextTurn, type NextTurn } from '../turns.ts';
import { createCoordinator, type Coordinator } from './coordinator.ts';
import { createGate, type Gate } from './gate.ts';
import { createInterrupter, fetchFrom, type FetchedPartition, type FetchRequest } from './fetch.ts';
import type { Retention } from './log-policy.ts';
import { createTopics, type Topics } from './topics.ts';
import { createTransactions, type Transactions } from './transactions.ts';

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/** The broker's side of a cluster, as the clients of this package see it. */
export interface Core extends Surroundings {
  readonly topics: Topics;
  readonly coordinator: Coordinator;
  readonly transactions: Transactions;
  readonly gate: Gate;
  readonly nextTurn: NextTurn;
  fetch(request: FetchRequest): FetchedPartition[] | Promise<FetchedPartition[]>;
  /** Every address by which a client has asked for this cluster; the first is the broker's. */
  readonly addresses: string[];
  address(): BrokerAddress;
  reset(): void;
}

export interface CoreOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly autoCreatePartitions: number;
  readonly retention: Retention;
}

/** The only broker of a cluster. */
export const NODE_ID = 1;

/** Kafka's stand-ins for 'the end of the log' and 'its beginning'. */
export const LATEST_OFFSET = -1;
export const EARLIEST_OFFSET = -2;

const DEFAULT_PORT = 9092;

const parseAddress = (address: string): BrokerAddress => {
  const [host = 'localhost', port = ''] = address.split(':');
  return { host, port: Number(port) || DEFAULT_PORT };
};

/** A broker without topics or groups. */
export const createCore = ({ clock, random, autoCreatePartitions, retention }: CoreOptions): Core => {
  const addresses: string[] = [];
  const bell = createInterrupter();
  const topics = createTopics({
    defaultPartitions: autoCreatePartitions,
    retention,
    now: () => timestampOf(clock),
    brokerCount: () => Math.max(addresses.length, 1),
  });
  const coordinator = createCoordinator(
    { clock, random },
    (topic, partition) => topics.find(topic)?.partitions[partition] !== undefined,
  );
  const transactions = createTransactions(clock, coordinator);
  const address = () => parseAddress(addresses[0] ?? 'localhost');
  const gate = createGate({
    clock,
    random,
    address,
    onDown: () => {
      bell.fire();
      coordinator.suspend();
    },
    onUp: () => coordinator.resume(),
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
    addresses,
    address,
    reset: () => {
      gate.faults.clear();
      transactions.clear();
      coordinator.clear();
      topics.clear();
    },
  };
};
