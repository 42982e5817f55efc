import type { Broker } from '@order-pipeline/service-kit';
import { Kafka, logLevel, type LogEntry } from 'kafkajs';
import type { Level, Logger } from 'pino';
import { letKafkajsLeaveHangingBrokers } from './kafkajs-hanging.ts';
import { letKafkajsIdle } from './kafkajs-idling.ts';
import { letKafkajsWorkAroundLeaderless } from './kafkajs-leaders.ts';
import type { KafkaOptions } from './kafka-settings.ts';

const CONNECTION_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 5_000;
const RETRY = { retries: 5, initialRetryTime: 200, maxRetryTime: 2_000 };

/** What kafkajs gives up on reaches those who called it, and they log it; most of what it says it will try again itself. */
const LEVELS: Record<number, Level> = {
  [logLevel.ERROR]: 'warn',
  [logLevel.WARN]: 'debug',
  [logLevel.INFO]: 'debug',
  [logLevel.DEBUG]: 'trace',
};

/** They log every try, and every answer that is not plain success as an error: a topic that exists, for one. */
const NOISY_NAMESPACES = ['Connection', 'BrokerPool'];

const levelOf = ({ level, namespace }: LogEntry): Level =>
  level === logLevel.ERROR && NOISY_NAMESPACES.includes(namespace) ? 'debug' : (LEVELS[level] ?? 'debug');

/** kafkajs's log entries as lines of `logger`. */
export const kafkaLogCreator = (logger: Logger) => () => (entry: LogEntry) => {
  // Where kafkajs gives up, its caller logs the error; until then its stack says nothing.
  const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...fields } = entry.log;
  logger[levelOf(entry)]({ ...fields, kafkajs: entry.namespace, detail: message }, 'kafkajs says');
};

/** kafkajs makes entries only for what would be logged. */
const mostVerbose = (logger: Logger): logLevel => {
  if (logger.isLevelEnabled('trace')) return logLevel.DEBUG;
  return logger.isLevelEnabled('debug') ? logLevel.INFO : logLevel.ERROR;
};

/** A real Kafka, of which also what no service asks for can be asked. */
export interface KafkaBroker extends Broker {
  connect(clientId: string): Kafka;
}

/** Apache Kafka, as the settings name it. */
export const createKafkaBroker = (options: KafkaOptions, logger: Logger): KafkaBroker => {
  const { brokers, tls, sasl, topics, compression } = options;
  letKafkajsIdle();
  letKafkajsWorkAroundLeaderless();
  letKafkajsLeaveHangingBrokers();
  return {
    durable: true,
    topics,
    compression,
    connect: (clientId) =>
      new Kafka({
        clientId,
        brokers: [...brokers],
        ...(tls ? { ssl: tls.ca === undefined ? true : { ca: tls.ca } } : {}),
        ...(sasl ? { sasl } : {}),
        connectionTimeout: CONNECTION_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        retry: RETRY,
        logLevel: mostVerbose(logger),
        logCreator: kafkaLogCreator(logger),
      }),
  };
};
