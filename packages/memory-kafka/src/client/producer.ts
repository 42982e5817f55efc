import kafkajs from 'kafkajs';
import type {
  ICustomPartitioner,
  Logger,
  Producer,
  ProducerBatch,
  ProducerConfig,
  ProducerEvents,
  RetryOptions,
  TopicMessages,
} from 'kafkajs';
import { createEmitter, networkEvents } from '../emitter.ts';
import { nonRetriable } from '../errors.ts';
import { createQueue } from '../turns.ts';
import type { OffsetsBoard } from './offsets-board.ts';
import type { ClusterView } from './metadata.ts';
import { shown } from './typing-gaps.ts';
import { sendMessages, type SendOptions } from './produce.ts';
import type { WriterIdentity } from './produce-request.ts';
import type { Sender } from './sender.ts';
import { createTransactionFactory } from './transaction.ts';
import type { ProducerIdentity } from '../broker/transactions.ts';

export interface ProducerParts {
  readonly config: ProducerConfig;
  readonly retry: RetryOptions;
  readonly view: ClusterView;
  readonly logger: Logger;
  readonly createPartitioner: ICustomPartitioner;
  readonly board: OffsetsBoard;
}

const EVENTS: ProducerEvents = {
  CONNECT: 'producer.connect',
  DISCONNECT: 'producer.disconnect',
  REQUEST: 'producer.network.request',
  REQUEST_TIMEOUT: 'producer.network.request_timeout',
  REQUEST_QUEUE_SIZE: 'producer.network.request_queue_size',
};

const DEFAULT_TRANSACTION_TIMEOUT_MS = 60_000;

const checkMessages = (topicMessages: readonly TopicMessages[]): void => {
  for (const { topic, messages } of topicMessages) {
    if (!messages) throw nonRetriable(`Invalid messages array [${shown(messages)}] for topic "${topic}"`);
    const without = messages.find((message) => message.value === undefined);
    if (without !== undefined) {
      throw nonRetriable(`Invalid message without value for topic "${topic}": ${JSON.stringify(without)}`);
    }
  }
};

const mergeTopics = (topicMessages: readonly TopicMessages[]): TopicMessages[] => {
  if (topicMessages.length === 1) return [...topicMessages];
  const merged = new Map<string, TopicMessages>();
  for (const { topic, messages } of topicMessages) {
    const earlier = merged.get(topic);
    merged.set(topic, { topic, messages: earlier ? [...earlier.messages, ...messages] : messages });
  }
  return [...merged.values()];
};

/** Checks, then sends. */
const createCheckedSender = (
  options: SendOptions,
  needsAllAcks: boolean,
  checkStatus: () => void,
): Sender => {
  const checked = (batch: ProducerBatch): ProducerBatch => {
    const { acks = -1, topicMessages = [] } = batch;
    if (topicMessages.some(({ topic }) => !topic)) throw nonRetriable('Invalid topic');
    if (needsAllAcks && acks !== -1) {
      throw nonRetriable(
        "Not requiring ack for all messages invalidates the idempotent producer's EoS guarantees",
      );
    }
    checkMessages(topicMessages);
    checkStatus();
    return { ...batch, acks, topicMessages: mergeTopics(topicMessages) };
  };
  // Awaited: an async function that returns a promise as it is takes two turns of promises more.
  return {
    sendBatch: async (batch) => await sendMessages(checked(batch), options),
    send: async ({ topic, messages, ...rest }) =>
      await sendMessages(checked({ ...rest, topicMessages: [{ topic, messages }] }), options),
  };
};

/** Builds the producer that kafkajs's `kafka.producer()` would. */
export const createProducer = (parts: ProducerParts): Producer => {
  const { config, retry, view, board } = parts;
  const { idempotent = false, transactionalId, transactionTimeout = DEFAULT_TRANSACTION_TIMEOUT_MS } = config;
  if (idempotent && retry.retries !== undefined && retry.retries < 1) {
    throw nonRetriable('Idempotent producer must allow retries to protect against transient errors');
  }
  const logger = parts.logger.namespace('Producer');
  if (idempotent && (retry.retries ?? Infinity) < Number.MAX_SAFE_INTEGER) {
    logger.warn('Limiting retries for the idempotent producer may invalidate EoS guarantees');
  }
  const emitter = createEmitter(EVENTS, 'producer.events', view.connection.clock, logger);
  view.connection.onRequest(networkEvents(emitter, EVENTS));
  const partitioner = parts.createPartitioner();
  let status: 'connected' | 'disconnecting' | 'disconnected' = 'disconnected';
  let identity: ProducerIdentity | undefined;

  const checkStatus = (): void => {
    if (status === 'disconnecting') {
      throw nonRetriable("The producer is disconnecting; therefore, it can't safely accept messages anymore");
    }
    if (status === 'disconnected') throw new kafkajs.KafkaJSError('The producer is disconnected');
  };

  const createSender = (writer: WriterIdentity, needsAllAcks: boolean): Sender =>
    createCheckedSender({ view, partitioner, retry, logger, writer }, needsAllAcks, checkStatus);

  const writer: WriterIdentity = {
    identity: () => identity,
    transactionalId: undefined,
    sequences: new Map(),
    inTurn: createQueue(),
  };

  return {
    ...createSender(writer, idempotent),
    connect: async () => {
      await view.connection.connect();
      status = 'connected';
      emitter.emit(EVENTS.CONNECT);
      if (!idempotent || identity !== undefined) return;
      identity = await view.request('InitProducerId', (core) =>
        core.transactions.identify(undefined, transactionTimeout),
      );
    },
    disconnect: async () => {
      status = 'disconnecting';
      if (view.connection.isConnected()) await (await view.connection.core()).nextTurn();
      view.disconnect();
      status = 'disconnected';
      emitter.emit(EVENTS.DISCONNECT);
    },
    isIdempotent: () => idempotent,
    events: EVENTS,
    on: emitter.on,
    transaction: createTransactionFactory({ view, transactionalId, transactionTimeout, createSender, board }),
    logger: () => logger,
  };
};
