import { isTransient, judge, logFailure, unavailable, type Runtime } from '@order-pipeline/service-kit';
import kafkajs, { type Message, type PartitionMetadata } from 'kafkajs';
import type { Logger } from 'pino';

/** How long a partition that takes nothing is left alone after its first failure, and at the most, in milliseconds. */
const FIRST_REST_MS = 1_000;
const MAX_REST_MS = 5_000;

const NONE: ReadonlySet<Message> = new Set();

export interface PartitionSendsOptions {
  /** Sends all of the messages, in one request a leader, or throws. */
  readonly send: (topic: string, messages: readonly Message[]) => Promise<void>;
  /** The same for messages of one partition, and gives up sooner: the others wait meanwhile. */
  readonly probe: (topic: string, messages: readonly Message[]) => Promise<void>;
  /** How many partitions the topic has. Throws where no broker answers. */
  readonly countPartitions: (topic: string) => Promise<number>;
  readonly runtime: Pick<Runtime, 'monotonic'>;
  readonly logger: Logger;
}

interface Rest {
  readonly until: number;
  readonly forMs: number;
  readonly error: unknown;
  isReported: boolean;
}

/** Which partitions of a topic take nothing, and when each is to be tried again. */
const createRests = (topic: string, { runtime, logger }: PartitionSendsOptions) => {
  const rests = new Map<number, Rest>();
  return {
    isHeld: (partition: number): boolean => rests.has(partition),
    isDue: (partition: number): boolean => (rests.get(partition)?.until ?? 0) <= runtime.monotonic(),
    count: (): number => rests.size,
    begin: (partition: number, error: unknown): void => {
      const { forMs = FIRST_REST_MS / 2, isReported = false } = rests.get(partition) ?? {};
      const nextMs = Math.min(2 * forMs, MAX_REST_MS);
      rests.set(partition, { until: runtime.monotonic() + nextMs, forMs: nextMs, error, isReported });
    },
    end: (partition: number): void => {
      if (rests.get(partition)?.isReported)
        logger.info({ topic, partition }, 'partition takes messages again');
      rests.delete(partition);
    },
    report: (): void => {
      for (const [partition, rest] of rests) {
        if (rest.isReported) continue;
        rest.isReported = true;
        logFailure(logger, rest.error, { topic, partition }, 'partition does not take messages, retrying');
      }
    },
    clear: (): void => rests.clear(),
  };
};

const partitionerOf = (count: number) => {
  const partitioner = kafkajs.Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: count }, (_, partitionId): PartitionMetadata => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 0,
    replicas: [],
    isr: [],
  }));
  return (topic: string, message: Message): number => partitioner({ topic, partitionMetadata, message });
};

const groupByPartition = (topic: string, messages: readonly Message[], count: number): Groups => {
  const partitionOf = partitionerOf(count);
  const groups = new Map<number, Message[]>();
  for (const message of messages) {
    const partition = partitionOf(topic, message);
    const group = groups.get(partition);
    if (group) group.push(message);
    else groups.set(partition, [message]);
  }
  return [...groups];
};

type Groups = readonly (readonly [number, readonly Message[]])[];

const messagesOf = (groups: Groups): Message[] => groups.flatMap(([, messages]) => messages);

/** Whether the failure may be that of one partition: a request fails as a whole where one of its partitions does. */
const mayBeOfPartition = (error: unknown): boolean => isTransient(error) && judge(error)?.renew !== true;

/** Sends, and answers the messages that wait: what another send finds out meanwhile must not count as sent. */
const createGroupSends = ({ send, probe }: PartitionSendsOptions, restsOf: (topic: string) => Rests) => {
  const sendGroup = async (
    topic: string,
    [partition, messages]: Groups[number],
  ): Promise<readonly Message[]> => {
    try {
      await probe(topic, messages);
      restsOf(topic).end(partition);
      return [];
    } catch (error) {
      if (!mayBeOfPartition(error)) throw error;
      restsOf(topic).begin(partition, error);
      return messages;
    }
  };
  /** Sends the messages of each partition by themselves. */
  const sendEach = async (topic: string, groups: Groups): Promise<Message[]> => {
    const results = await Promise.allSettled(groups.map((group) => sendGroup(topic, group)));
    return results.flatMap((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
  };
  /** What to do once all of them failed together. */
  const recover = async (topic: string, groups: Groups, error: unknown): Promise<readonly Message[]> => {
    const [first] = groups;
    if (!first || groups.length > 1) return sendEach(topic, groups);
    restsOf(topic).begin(first[0], error);
    return first[1];
  };
  const sendTogether = async (topic: string, groups: Groups): Promise<readonly Message[]> => {
    if (groups.length === 0) return [];
    try {
      await send(topic, messagesOf(groups));
      return [];
    } catch (error) {
      if (!mayBeOfPartition(error)) throw error;
      return recover(topic, groups, error);
    }
  };
  return { sendEach, sendTogether, recover };
};

type Rests = ReturnType<typeof createRests>;

/**
 * Sends messages so that a partition that takes none, for want of a leader or of replicas in sync, holds up its own messages
 * alone. All go out together as long as all are taken. Where they are not, each partition is tried by itself; those that
 * fail rest for a while, longer each time, and the others go on.
 *
 * @returns sends messages with a key, and answers those that wait; it throws where no partition of the topic takes any
 */
export const createPartitionSends = (options: PartitionSendsOptions) => {
  const { send, countPartitions } = options;
  const byTopic = new Map<string, Rests>();
  const restsOf = (topic: string): Rests => {
    const rests = byTopic.get(topic) ?? createRests(topic, options);
    byTopic.set(topic, rests);
    return rests;
  };
  const { sendEach, sendTogether, recover } = createGroupSends(options, restsOf);

  const sendAround = async (topic: string, groups: Groups): Promise<readonly Message[]> => {
    const rests = restsOf(topic);
    const free = groups.filter(([partition]) => !rests.isHeld(partition));
    const held = groups.filter(([partition]) => rests.isHeld(partition));
    const due = held.filter(([partition]) => rests.isDue(partition));
    const resting = held.filter((group) => !due.includes(group));
    const waiting = await Promise.all([sendTogether(topic, free), sendEach(topic, due)]);
    return [...waiting.flat(), ...messagesOf(resting)];
  };
  /** Where no partition is left it is not one of them that fails: the next send tries all of them again. */
  const settle = (topic: string, waiting: readonly Message[], count: number): ReadonlySet<Message> => {
    const rests = restsOf(topic);
    if (rests.count() >= count) {
      rests.clear();
      throw unavailable('Kafka does not take messages');
    }
    rests.report();
    return new Set(waiting);
  };

  return async (topic: string, messages: readonly Message[]): Promise<ReadonlySet<Message>> => {
    if (restsOf(topic).count() > 0) {
      const count = await countPartitions(topic);
      return settle(topic, await sendAround(topic, groupByPartition(topic, messages, count)), count);
    }
    try {
      await send(topic, messages);
      return NONE;
    } catch (error) {
      if (!mayBeOfPartition(error)) throw error;
      const count = await countPartitions(topic).catch(() => 0);
      if (count <= 1) throw error;
      const groups = groupByPartition(topic, messages, count);
      return settle(topic, await recover(topic, groups, error), count);
    }
  };
};
