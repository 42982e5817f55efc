import kafkajs from 'kafkajs';
import type { Logger } from 'kafkajs';
import type { BrokerAddress } from '../broker/core.ts';
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

/** Who wants to hear of answered requests. */
export interface NetworkListener {
  /** Whether anybody would hear it. */
  isThere(): boolean;
  tell(payload: NetworkRequest): void;
}

/** What a client tells of its connection: by events and by its log. */
export interface Network {
  /** There is one listener; a later one takes its place. */
  listen(listener: NetworkListener): void;
  /** A connection was made. */
  connected(at: Clock): void;
  /** Nobody answers at the broker's address. */
  refused(error: Error): void;
  disconnected(): void;
  /** A request is made; answers what notes its end, with the error that it was answered with. */
  send(at: Clock, name: RequestName): (error?: unknown) => void;
}

interface ApiInfo {
  readonly apiName: string;
  readonly apiKey: number;
  readonly apiVersion: number;
}

/** What kafkajs asks first on each connection. */
const API_VERSIONS: ApiInfo = { apiName: 'ApiVersions', apiKey: 18, apiVersion: 2 };

/** kafkajs has an older name for it. */
const OWN_NAMES: Partial<Readonly<Record<RequestName, string>>> = { FindCoordinator: 'GroupCoordinator' };

const infoOf = (name: RequestName): ApiInfo => {
  const { key, version } = REQUEST_KINDS[name];
  return { apiName: OWN_NAMES[name] ?? name, apiKey: key, apiVersion: version };
};

const labelOf = ({ apiName, apiKey, apiVersion }: ApiInfo): string =>
  `${apiName}(key: ${apiKey}, version: ${apiVersion})`;

const INFOS = new Map(Object.keys(REQUEST_KINDS).map((name) => [name, infoOf(name as RequestName)]));

/** How many bytes a message would have: nothing is encoded here. */
const UNKNOWN_SIZE = 0;

export interface NetworkOptions {
  readonly clientId: string;
  readonly logger: Logger;
  readonly address: () => BrokerAddress;
}

/** Nobody listens yet, but the log. */
export const createNetwork = ({ clientId, logger: rootLogger, address }: NetworkOptions): Network => {
  const logger = rootLogger.namespace('Connection');
  let listener: NetworkListener | undefined;
  let lastId = -1;
  const broker = (): string => `${address().host}:${address().port}`;
  const about = (extra: object = {}) => ({ broker: broker(), clientId, ...extra });

  const begin = (at: Clock, info: ApiInfo): ((error?: unknown) => void) => {
    lastId += 1;
    const correlationId = lastId;
    const createdAt = timestampOf(at);
    logger.debug(
      `Request ${labelOf(info)}`,
      about({ correlationId, expectResponse: true, size: UNKNOWN_SIZE }),
    );
    const tell = (): void =>
      listener?.tell({
        broker: broker(),
        clientId,
        correlationId,
        size: UNKNOWN_SIZE,
        createdAt,
        sentAt: createdAt,
        pendingDuration: 0,
        duration: timestampOf(at) - createdAt,
        ...info,
      });
    return (error) => {
      // Where the connection broke, there was no answer.
      const isAnswered = error === undefined || error instanceof kafkajs.KafkaJSProtocolError;
      if (isAnswered && listener?.isThere() === true) tell();
      if (error === undefined) {
        logger.debug(
          `Response ${labelOf(info)}`,
          about({ correlationId, size: UNKNOWN_SIZE, data: '[filtered]' }),
        );
      } else if (error instanceof kafkajs.KafkaJSProtocolError) {
        const size = UNKNOWN_SIZE;
        logger.error(`Response ${labelOf(info)}`, about({ error: error.message, correlationId, size }));
      }
    };
  };

  return {
    listen: (added) => {
      listener = added;
    },
    connected: (at) => {
      logger.debug('Connecting', about({ ssl: false, sasl: false }));
      begin(at, API_VERSIONS)();
    },
    refused: (error) => logger.error(error.message, about({ stack: error.stack })),
    disconnected: () => {
      logger.debug('disconnecting...', about());
      logger.debug('disconnected', about());
    },
    send: (at, name) => begin(at, INFOS.get(name) ?? infoOf(name)),
  };
};
