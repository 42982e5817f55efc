import type { Consumer, ConsumerConfig, ConsumerEvents, InstrumentationEvent } from 'kafkajs';
import type { World } from './world.ts';

/** An event of a consumer, whatever its payload. */
export type ConsumerEvent = InstrumentationEvent<unknown>;

type EventKey = keyof ConsumerEvents;

/** The events that a test distinguishes: those of the network come or do not, and no behaviour depends on them. */
export const EVENT_KEYS: readonly EventKey[] = [
  'CONNECT',
  'GROUP_JOIN',
  'FETCH_START',
  'FETCH',
  'START_BATCH_PROCESS',
  'END_BATCH_PROCESS',
  'COMMIT_OFFSETS',
  'HEARTBEAT',
  'REBALANCING',
  'RECEIVED_UNSUBSCRIBED_TOPICS',
  'STOP',
  'DISCONNECT',
  'CRASH',
];

/** What `recordEvents` collects. */
export interface EventRecord {
  readonly events: readonly ConsumerEvent[];
  /** The keys of the events in the order in which they came, as in `consumer.events`. */
  keys(): string[];
  /** The payloads of one kind, in their order. */
  payloads(key: EventKey): unknown[];
}

/** Collects the consumer's events of these kinds from now on. */
export const recordEvents = (consumer: Consumer, keys: readonly EventKey[] = EVENT_KEYS): EventRecord => {
  const recorded: { key: EventKey; event: ConsumerEvent }[] = [];
  const events: ConsumerEvent[] = [];
  for (const key of keys) {
    consumer.on(consumer.events[key], (event: ConsumerEvent) => {
      recorded.push({ key, event });
      events.push(event);
    });
  }
  return {
    events,
    keys: () => recorded.map(({ key }) => key),
    payloads: (wanted) => recorded.filter(({ key }) => key === wanted).map(({ event }) => event.payload),
  };
};

/** A consumer of the world, and its events of these kinds. */
export const recordingConsumer = (
  world: World,
  keys?: readonly EventKey[],
  config?: Partial<ConsumerConfig>,
): { readonly consumer: Consumer; readonly recorded: EventRecord } => {
  const consumer = world.consumer(config);
  return { consumer, recorded: recordEvents(consumer, keys) };
};

/** The next event of this kind; the listener is there as soon as this was called. */
export const nextEvent = (consumer: Consumer, key: EventKey): Promise<ConsumerEvent> =>
  new Promise((resolve) => {
    const remove = consumer.on(consumer.events[key], (event: ConsumerEvent) => {
      remove();
      resolve(event);
    });
  });
