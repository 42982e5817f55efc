import type { Consumer, ConsumerConfig, ConsumerRunConfig, KafkaMessage } from 'kafkajs';

/** A message that arrived. */
export interface Received {
  readonly topic: string;
  readonly partition: number;
  readonly value: string;
  readonly message: KafkaMessage;
}

/** A consumer that runs, and what it has received so far. */
export interface Listening {
  readonly consumer: Consumer;
  readonly received: readonly Received[];
  values(): string[];
}

interface RunOptions extends Omit<ConsumerRunConfig, 'eachMessage'> {
  /** True if not given. */
  readonly fromBeginning?: boolean;
  /** Called before a message counts as received. */
  readonly onMessage?: (received: Received) => Promise<void> | void;
}

export interface ListenOptions extends RunOptions {
  /** The one that listens; one that the world makes if not given. */
  readonly consumer?: Consumer;
  /** Of the consumer that the world makes. */
  readonly config?: Partial<ConsumerConfig>;
}

/** Subscribes, runs, and collects what arrives, message by message. */
export const listenWith = async (
  consumer: Consumer,
  topics: string | readonly string[],
  { fromBeginning = true, onMessage, ...run }: RunOptions,
): Promise<Listening> => {
  const received: Received[] = [];
  await consumer.subscribe({ topics: [topics].flat(), fromBeginning });
  await consumer.run({
    ...run,
    eachMessage: async ({ topic, partition, message }) => {
      const one = { topic, partition, value: String(message.value), message };
      await onMessage?.(one);
      received.push(one);
    },
  });
  return { consumer, received, values: () => received.map(({ value }) => value) };
};
