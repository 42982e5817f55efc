import type { KafkaConfig, RetryOptions } from 'kafkajs';
import type { Core } from '../broker/core.ts';
import type { RequestAbout, RequestName } from '../broker/requests.ts';
import type { PartitionRefusals } from '../broker/partition-refusals.ts';
import { clusterOf, openCore, type MemoryCluster } from '../cluster.ts';
import { createSystemClock, systemRandom, type Clock } from '../clock.ts';
import kafkajs from 'kafkajs';
import { nonRetriable, toError } from '../errors.ts';
import { withRetries } from '../retry.ts';
import { sharing } from '../turns.ts';

/** Carries out a request at the broker, but for the partitions that are refused. */
export type CarryOutAt<T> = (core: Core, refused: PartitionRefusals) => T | Promise<T>;

/** A client's way to its cluster. */
export interface Connection {
  isConnected(): boolean;
  /** Connects, with the retries of the Kafka instance. */
  connect(): Promise<void>;
  disconnect(): void;
  /** The cluster's clock, or the process's as long as the cluster is not known. */
  clock(): Clock;
  /** The cluster's chance, or the process's as long as the cluster is not known. */
  random(): number;
  /** The cluster; asks a brokers function for the addresses if it has to. */
  core(): Promise<Core>;
  /** One request over one attempt to connect. `carryOut` runs at the broker, one turn later. */
  request<T>(request: RequestName | RequestAbout, carryOut: CarryOutAt<T>): Promise<T>;
}

/**
 * What stands between one client and its cluster: called with each of the client's requests, it answers what the client
 * gets to see. One that asks later or answers later is a slow network; one that never settles cuts the client off, as if
 * its process had died without a word.
 */
export type Link = <T>(request: () => Promise<T>) => Promise<T>;

export interface ConnectionOptions {
  readonly brokers: KafkaConfig['brokers'];
  readonly cluster: MemoryCluster | undefined;
  readonly link: Link | undefined;
  /** The retries of the Kafka instance. */
  readonly retry: RetryOptions;
  readonly clientId: string;
}

const checkBrokers = (brokers: readonly unknown[] | null | undefined): void => {
  if (!brokers) throw nonRetriable('Failed to connect: brokers should not be null');
  if (brokers.length === 0) throw nonRetriable('Failed to connect: brokers array is empty');
  const invalid = brokers.findIndex((broker) => typeof broker !== 'string' || broker.length === 0);
  if (invalid >= 0) {
    throw nonRetriable(
      `Failed to connect: broker at index ${invalid} is invalid "${typeof brokers[invalid]}"`,
    );
  }
};

const direct: Link = (request) => request();

const resolveBrokers = async (brokers: KafkaConfig['brokers']): Promise<string[]> => {
  if (typeof brokers !== 'function') return brokers;
  try {
    return await brokers();
  } catch (thrown) {
    throw new kafkajs.KafkaJSConnectionError(
      `Failed to connect: "config.brokers" threw: ${toError(thrown).message}`,
    );
  }
};

/** A connection that is not yet open. */
export const createConnection = ({
  brokers,
  cluster,
  link = direct,
  retry,
  clientId,
}: ConnectionOptions): Connection => {
  let opened: Core | undefined;
  let epoch: number | undefined;
  let close = (): void => undefined;

  const open = async (): Promise<Core> => {
    const addresses = await resolveBrokers(brokers);
    checkBrokers(addresses);
    opened = openCore(cluster ?? clusterOf(addresses), addresses);
    return opened;
  };
  const core = async (): Promise<Core> => opened ?? open();

  const isConnected = (): boolean => opened !== undefined && epoch === opened.gate.epoch();

  const attach = (to: Core): void => {
    close();
    close = to.gate.connect();
    epoch = to.gate.epoch();
  };

  const connect = sharing(async () => {
    if (isConnected()) return;
    const target = await core();
    await withRetries(target, retry, () =>
      link(async () => {
        await target.nextTurn();
        attach(target);
      }),
    );
  });

  return {
    isConnected,
    connect,
    disconnect: () => {
      epoch = undefined;
      close();
    },
    clock: () => opened?.clock ?? cluster?.clock ?? createSystemClock(),
    random: () => opened?.random() ?? systemRandom(),
    core,
    request: async (about, carryOut) => {
      const target = opened ?? (await open());
      const arriving = typeof about === 'string' ? { name: about, clientId } : { ...about, clientId };
      return link(async () => {
        await target.nextTurn();
        if (!isConnected()) attach(target);
        return target.gate.pass(arriving, (refused) => carryOut(target, refused));
      });
    },
  };
};
