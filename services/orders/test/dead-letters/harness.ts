import {
  deadLetterTopic,
  operatorApi,
  type DeadLetter,
  type DeadLetterWithContent,
  type LetterFilter,
  type LetterResult,
  type Topic,
} from '@order-pipeline/contracts';
import { createMessaging, type ReceivedEvent } from '@order-pipeline/messaging';
import { type Broker, type Reply } from '@order-pipeline/service-kit';
import {
  defineTestService,
  eventually,
  inTurn,
  startTestService,
  withOwnGroups,
  type TestPostgres,
  type TestService,
} from '@order-pipeline/testing';
import { useFixture } from '@order-pipeline/testing/fixtures';
import { randomInt } from 'node:crypto';
import { expect } from '@jest/globals';
import { createSwitchedBroker, WAIT, withCheckedSends, type SwitchedBroker } from '../broker.ts';
import { fresh, startHarness, type Harness } from '../harness.ts';

/** By chance, so that a letter is not one of another test on a Kafka that they share. */
const MAX_OFFSET = 2 ** 47;

/** What Kafka takes of a message on a topic of events, in bytes. */
const MAX_BYTES = 1_048_588;

/** A message as it is put into a topic. */
export interface Sent {
  readonly key?: string | null;
  readonly value: Buffer | string | null;
  readonly headers?: Record<string, string>;
}

/** The dead-letter queue as an operator sees it: the services, a broker of its own groups, and what can be asked about dead letters. */
export interface DlqHarness {
  readonly harness: Harness;
  readonly broker: Broker;
  /** Where the broker is switched off. */
  readonly power: SwitchedBroker;
  /** Puts a message into a topic. */
  put(topic: string, message: Sent): Promise<void>;
  /** Puts a dead letter of an order that no other test has into its topic; answers the order's id. */
  putLetter(options?: { topic?: Topic; group?: string; reason?: string; redrives?: number }): Promise<string>;
  list(query?: LetterFilter & { status?: DeadLetter['status'] }, on?: TestService): Promise<DeadLetter[]>;
  /** The one letter about an order, once it is there; the newest of them. */
  letterOf(orderId: string, count?: number): Promise<DeadLetter>;
  look(letterId: string): Promise<DeadLetterWithContent>;
  redrive(
    letterId: string,
    more?: { force?: boolean; dryRun?: boolean; by?: string },
    on?: TestService,
  ): Promise<Reply>;
  close(): Promise<void>;
}

const bodyOf = <T>({ status, body }: Reply<T>): T => {
  expect(status).toBe(200);
  return body as T;
};

export const resultOf = (reply: Reply): LetterResult => bodyOf(reply as Reply<LetterResult>);

/** A broker in memory takes messages of any size; this one refuses as Kafka does, on topics without dead letters. */
const withSizeLimit = (broker: Broker): Broker =>
  withCheckedSends(broker, ({ topicMessages = [] }) => {
    const messages = topicMessages
      .filter(({ topic }) => !topic.endsWith('.DLQ'))
      .flatMap((batch) => batch.messages);
    if (messages.some(({ value }) => Number(value?.length) > MAX_BYTES))
      throw Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' });
  });

export const startDlqHarness = async (postgres: TestPostgres): Promise<DlqHarness> => {
  const power = createSwitchedBroker(true);
  const broker = withOwnGroups(process.env['KAFKA_BROKERS'] ? power : withSizeLimit(power));
  const harness = await startHarness(postgres, { broker });
  const producer = broker.connect('dlq').producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const put: DlqHarness['put'] = async (topic, message) => {
    await producer.sendBatch({ topicMessages: [{ topic, messages: [message] }] });
  };
  const list: DlqHarness['list'] = async (query = {}, on = harness.orders) =>
    bodyOf(await on.call(operatorApi.listDeadLetters, { query }));
  return {
    harness,
    broker,
    power,
    put,
    list,
    putLetter: async ({
      topic = 'ORDER_PROCESSING',
      group = 'shipping',
      reason = 'broken',
      redrives,
    } = {}) => {
      const key = fresh('order');
      const headers = {
        'dlq.topic': topic,
        'dlq.partition': '4',
        'dlq.offset': String(randomInt(MAX_OFFSET)),
        'dlq.group': group,
        'dlq.reason': reason,
        'dlq.tries': '5',
        'dlq.at': '2026-01-01T00:00:00.000Z',
        ...(redrives === undefined ? {} : { 'dlq.redrives': String(redrives) }),
      };
      await put(deadLetterTopic(topic), { key, value: 'nonsense', headers });
      return key;
    },
    letterOf: (orderId, count = 1) =>
      eventually(async () => {
        const letters = await list({ orderId });
        expect(letters).toHaveLength(count);
        return letters[0] as DeadLetter;
      }, WAIT),
    look: async (letterId) =>
      bodyOf(await harness.orders.call(operatorApi.getDeadLetter, { params: { letterId } })),
    redrive: (letterId, more = {}, on = harness.orders) =>
      on.call(operatorApi.redriveDeadLetter, { params: { letterId }, body: { by: 'ann', ...more } }),
    close: () => inTurn(() => producer.disconnect(), harness.close),
  };
};

/** Starts a worker of a topic, with what it does with its events. */
export const startWorker = (
  broker: Broker,
  group: string,
  topic: Topic,
  handle: (events: readonly ReceivedEvent[]) => Promise<void>,
): Promise<TestService> =>
  startTestService(
    defineTestService(
      'workflow',
      async (context) => {
        createMessaging(group, context).consume({ group, topics: [topic], commitMode: 'auto', handle });
        return { routes: [] };
      },
      { usesKafka: true },
    ),
    { broker },
  );

/** The dead-letter queue for the tests of this file. */
export const useDlqHarness = (postgres: TestPostgres): DlqHarness =>
  useFixture(
    () => startDlqHarness(postgres),
    (dlq) => dlq.close(),
  );
