import kafkajs from 'kafkajs';
import type { Logger } from 'kafkajs';
import type { BrokerAddress } from '../broker/addresses.ts';
import { REQUEST_KINDS, type RequestName } from '../broker/requests.ts';
import { timestampOf, type Clock } from '../clock.ts';

/** The payload of kafkajs's event of a request that was answered. Times in milliseconds, `size` is that of the answer. */
export interface NetworkRequest {
  readonly broker: string;
  readonly clientId: string;
  readonly correlationId: number;
  readonly size: number;
  readonly createdAt: number;
  readonly sentAt: number;
  readonly pendingDuration: number;
  readonly duration: number;
  readonly apiName: string;
  readonly apiKey: number;
  readonly apiVersion: number;
}

/** The payload of kafkajs's event of a request that was not answered in time. */
export type TimedOutRequest = Omit<NetworkRequest, 'size' | 'duration'>;

/** Who is notified of requests. */
export interface NetworkListener {
  /** Whether anybody is notified of those that are answered. */
  isThere(): boolean;
  notify(payload: NetworkRequest): void;
  notifyOfTimeout(payload: TimedOutRequest): void;
}

/** A request that is under way. */
export interface Sent {
  /** It was answered, in time or later; `error` is that of the answer. */
  end(error?: unknown): void;
  /** It is waited for no longer: answers KafkaJSRequestTimeoutError. */
  timeOut(): Error;
}

/** What a client reports about its connection: by events and by its log. */
export interface Network {
  /** There is one listener; a later one takes its place. */
  listen(listener: NetworkListener): void;
  /** A connection was made. */
  connected(at: Clock): void;
  /** Nobody answers at the broker's address. */
  refused(error: Error): void;
  disconnected(): void;
  /** A request is made. */
  send(at: Clock, name: RequestName): Sent;
}

interface ApiInfo {
  readonly apiName: string;
  readonly apiKey: number;
  readonly apiVersion: number;
}

/** A kind of request, with the lines of the log about it. */
interface Wording {
  readonly info: ApiInfo;
  readonly label: string;
  readonly request: string;
  readonly response: string;
}

const wordingOf = (info: ApiInfo): Wording => {
  const label = `${info.apiName}(key: ${info.apiKey}, version: ${info.apiVersion})`;
  return { info, label, request: `Request ${label}`, response: `Response ${label}` };
};

/** What kafkajs asks first on each connection. */
const API_VERSIONS = wordingOf({ apiName: 'ApiVersions', apiKey: 18, apiVersion: 2 });

/** kafkajs has an older name for it. */
const OWN_NAMES: Partial<Readonly<Record<RequestName, string>>> = { FindCoordinator: 'GroupCoordinator' };

const WORDINGS = new Map(
  (Object.keys(REQUEST_KINDS) as RequestName[]).map((name) => {
    const { key, version } = REQUEST_KINDS[name];
    return [name, wordingOf({ apiName: OWN_NAMES[name] ?? name, apiKey: key, apiVersion: version })];
  }),
);

/** How many bytes a message would have: nothing is encoded here. */
const UNKNOWN_SIZE = 0;

export interface NetworkOptions {
  readonly clientId: string;
  readonly logger: Logger;
  readonly address: () => BrokerAddress;
  /** Whether it is to log in. */
  readonly isSasl: boolean;
}

/** Nobody listens yet, but the log. */
export const createNetwork = ({ clientId, logger: rootLogger, address, isSasl }: NetworkOptions): Network => {
  const logger = rootLogger.namespace('Connection');
  let listener: NetworkListener | undefined;
  let lastId = -1;
  // Every request is logged at DEBUG, so what a line is made of has to be at hand.
  let broker = '';
  const about = (extra: object = {}) => ({ broker, clientId, ...extra });
  const locate = (): void => {
    broker = `${address().host}:${address().port}`;
  };

  const begin = (at: Clock, { info, request, response, label }: Wording): Sent => {
    lastId += 1;
    const correlationId = lastId;
    const size = UNKNOWN_SIZE;
    const createdAt = timestampOf(at);
    let isTimedOut = false;
    logger.debug(request, { broker, clientId, correlationId, expectResponse: true, size });
    const timeOut = (): Error => {
      isTimedOut = true;
      const sent = { broker, clientId, correlationId, createdAt, sentAt: createdAt, pendingDuration: 0 };
      listener?.notifyOfTimeout({ ...sent, ...info });
      return new kafkajs.KafkaJSRequestTimeoutError(`Request ${label} timed out`, sent);
    };
    const end = (error?: unknown): void => {
      if (error instanceof kafkajs.KafkaJSRequestTimeoutError) return;
      if (isTimedOut) return logger.warn('Response without match', { clientId, broker, correlationId });
      const isWanted = listener?.isThere() === true;
      const isRefused = error instanceof kafkajs.KafkaJSProtocolError;
      // Where the connection broke, there was no answer.
      if (isWanted && (error === undefined || isRefused)) {
        const duration = timestampOf(at) - createdAt;
        const times = { createdAt, sentAt: createdAt, pendingDuration: 0, duration };
        listener?.notify({ broker, clientId, correlationId, size, ...times, ...info });
      }
      if (isRefused) logger.error(response, about({ error: error.message, correlationId, size }));
      else if (error === undefined)
        logger.debug(response, { broker, clientId, correlationId, size, data: '[filtered]' });
    };
    return { end, timeOut };
  };

  return {
    listen: (added) => {
      listener = added;
    },
    connected: (at) => {
      locate();
      logger.debug('Connecting', about({ ssl: false, sasl: isSasl }));
      begin(at, API_VERSIONS).end();
    },
    refused: (error) => {
      locate();
      logger.error(error.message, about({ stack: error.stack }));
    },
    disconnected: () => {
      logger.debug('disconnecting...', about());
      logger.debug('disconnected', about());
    },
    send: (at, name) => begin(at, WORDINGS.get(name) ?? API_VERSIONS),
  };
};
