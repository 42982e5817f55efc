import type { KafkaConfig, Logger, RetryOptions } from 'kafkajs';
import type { Core } from '../broker/core.ts';
import type { ArrivingRequest, RequestAbout, RequestName } from '../broker/requests.ts';
import type { Principal } from '../broker/acls.ts';
import type { Refusals } from '../broker/refusals.ts';
import { clusterOf, openCore, type MemoryCluster } from '../cluster.ts';
import { createSystemClock, systemRandom, type Clock } from '../clock.ts';
import kafkajs from 'kafkajs';
import { nonRetriable, toError } from '../errors.ts';
import { createAttachment } from './attachment.ts';
import { createLogin } from './login.ts';
import { createNetwork, type NetworkListener } from './network.ts';
import { inTime } from './request-timeout.ts';
import { withRetries, type Attempt } from '../retry.ts';
import { sharing } from '../turns.ts';

/** Carries out a request at the broker, but for what is refused of it. */
export type CarryOutAt<T> = (core: Core, refused: Refusals) => T | Promise<T>;

/** A request of a client's. */
export interface AskedRequest extends RequestAbout {
  /** How long the broker may take for it at least, in milliseconds, whatever the client's own patience. */
  readonly timeoutMs?: number;
}

export type Asked = RequestName | AskedRequest;

/** A client's way to its cluster. */
export interface Connection {
  isConnected(): boolean;
  /** Connects, with the retries of the Kafka instance. */
  connect(): Promise<void>;
  disconnect(): void;
  /** Tries as often as the Kafka instance says. */
  retrying<T>(task: (attempt: Attempt) => Promise<T>): Promise<T>;
  /** The cluster's clock, or the process's as long as the cluster is not known. */
  clock(): Clock;
  /** The cluster's chance, or the process's as long as the cluster is not known. */
  random(): number;
  /** The cluster; asks a brokers function for the addresses if it has to. */
  core(): Promise<Core>;
  /** Notifies of requests that were answered; a later listener takes the place of an earlier one. */
  onRequest(listener: NetworkListener): void;
  /** One request over one attempt to connect. `carryOut` runs at the broker, one turn later. */
  request<T>(request: Asked, carryOut: CarryOutAt<T>): Promise<T>;
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
  readonly logger: Logger;
  /** How to log in, where that is asked for. */
  readonly sasl: KafkaConfig['sasl'];
  /** How long before the end of a session the client logs in again, in milliseconds. */
  readonly reauthenticationThreshold: number;
  /** How long the client waits for an answer, in milliseconds; Infinity for as long as it takes. */
  readonly requestTimeoutMs: number;
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

/** Until a function has said where the brokers are. */
const NOWHERE = { host: '', port: 0 };

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

const FAILED_TO_CONNECT = 'Failed to connect to seed broker, trying another broker from the list';

/** A login that was refused is refused again. */
const isFinal = (error: unknown): boolean => error instanceof kafkajs.KafkaJSError && !error.retriable;

/** Connects, and says of each attempt that failed why. */
const connectOnce = async (attempt: Attempt, logger: Logger, connect: () => Promise<void>): Promise<void> => {
  try {
    await connect();
  } catch (error) {
    const { retryCount, retryTime } = attempt;
    const { message } = toError(error);
    const isUnreachable = error instanceof kafkajs.KafkaJSConnectionError;
    logger.error(isUnreachable ? `${FAILED_TO_CONNECT}: ${message}` : message, { retryCount, retryTime });
    if (!isUnreachable && isFinal(error)) attempt.bail(error);
    throw error;
  }
};

/** How long a client waits for the answer, in milliseconds. */
const timeoutOf = (asked: Asked, patienceMs: number): number =>
  typeof asked === 'string' ? patienceMs : Math.max(patienceMs, asked.timeoutMs ?? 0);

/** Made of each field by itself: that is quicker than a spread, and every request comes here. */
const arrivingFrom = (asked: Asked, clientId: string, principal: Principal): ArrivingRequest => {
  const about: RequestAbout = typeof asked === 'string' ? { name: asked } : asked;
  const { name, nodeId, groupId, transactionalId, places } = about;
  return { name, clientId, principal, nodeId, groupId, transactionalId, places };
};

/** A request by way of a link, which may be to a cluster that is yet to be found. */
const overLink = async <T>(
  link: Link,
  cluster: Core | Promise<Core>,
  carry: (to: Core) => Promise<T>,
): Promise<T> => {
  const target = cluster instanceof Promise ? await cluster : cluster;
  return link(() => carry(target));
};

/** A connection that is not yet open. */
export const createConnection = (options: ConnectionOptions): Connection => {
  const { brokers, cluster, link = direct, retry, clientId, logger, sasl, requestTimeoutMs } = options;
  let opened: Core | undefined;
  const address = () => opened?.address() ?? NOWHERE;
  const network = createNetwork({ clientId, logger, address, isSasl: Boolean(sasl) });
  const attachment = createAttachment(network, createLogin({ ...options, network }));
  const { isAttached, checkLogin, renewLogin, principal, attach, detach } = attachment;
  const poolLogger = logger.namespace('BrokerPool');

  const open = async (): Promise<Core> => {
    const addresses = await resolveBrokers(brokers);
    checkBrokers(addresses);
    opened = openCore(cluster ?? clusterOf(addresses), addresses);
    return opened;
  };
  const core = async (): Promise<Core> => opened ?? open();

  const connect = sharing(async () => {
    if (isAttached(opened)) return;
    const target = await core();
    const connectInTurn = () =>
      link(async () => {
        await target.nextTurn();
        await attach(target);
      });
    await withRetries(target, retry, (attempt) => connectOnce(attempt, poolLogger, connectInTurn));
  });

  /** For all who ask meanwhile: a login takes more than one request. */
  const attachAgain = sharing(async () => attach(await core()));

  const carry = async <T>(to: Core, asked: Asked, carryOut: CarryOutAt<T>): Promise<T> => {
    await to.nextTurn();
    if (!isAttached(to)) await (to.sasl === undefined ? attach(to) : attachAgain());
    const renewal = renewLogin(to);
    if (renewal !== undefined) await renewal;
    checkLogin(to);
    const request = arrivingFrom(asked, clientId, principal());
    const sent = network.send(to.clock, request.name);
    try {
      const passed = to.gate.pass(request, (refused) => carryOut(to, refused));
      const timeoutMs = timeoutOf(asked, requestTimeoutMs);
      const answer = passed instanceof Promise ? await inTime(passed, timeoutMs, to.clock, sent) : passed;
      sent.end();
      return answer;
    } catch (error) {
      sent.end(error);
      throw error;
    }
  };

  return {
    isConnected: () => isAttached(opened),
    connect,
    disconnect: () => detach(opened),
    clock: () => opened?.clock ?? cluster?.clock ?? createSystemClock(),
    onRequest: network.listen,
    random: () => opened?.random() ?? systemRandom(),
    retrying: async (task) => withRetries(await core(), retry, task),
    core,
    request: (about, carryOut) =>
      opened !== undefined && link === direct
        ? carry(opened, about, carryOut)
        : overLink(link, opened ?? open(), (target) => carry(target, about, carryOut)),
  };
};
