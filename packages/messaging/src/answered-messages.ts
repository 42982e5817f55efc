import { createDefaultPartitioner } from '@order-pipeline/memory-kafka/partitioner';
import type { ICustomPartitioner, Message, RecordMetadata } from 'kafkajs';

/** Where messages without a key begin to take turns: anywhere will do. */
const FIRST_TURN = () => 0;
/** Chooses as kafkajs does, which hashes a key with a dozen BigInts for every four bytes. */
const openPartitioner = createDefaultPartitioner(FIRST_TURN);

/** A message that a broker has taken, and where it stands in its topic. */
export interface SentMessage {
  readonly message: Message;
  readonly position: { readonly partition: number; readonly offset: string };
}

/**
 * Tells which messages of a send no broker has answered for. kafkajs tries a send again at the brokers that have not answered
 * yet. Where a partition meanwhile has moved to one that has, its messages are not written, and the send resolves all the same.
 */
export const createAnsweredMessages = () => {
  // No Map: one that is filled and emptied again and again keeps what it held until all memory is gone through.
  const partitions = new WeakMap<Message, number>();
  const createPartitioner: ICustomPartitioner = () => {
    const choose = openPartitioner();
    return (choice) => {
      const partition = choose(choice);
      partitions.set(choice.message, partition);
      return partition;
    };
  };
  return {
    /** For the producer that sends; what it chooses is kept. */
    createPartitioner,
    /**
     * @param messages what was sent to one topic, by that producer
     * @param records what the send resolved with
     */
    countUnanswered: (messages: readonly Message[], records: readonly RecordMetadata[]): number => {
      const answered = new Set(records.map(({ partition }) => partition));
      return messages.filter((message) => !answered.has(partitions.get(message) ?? Number.NaN)).length;
    },
    /**
     * Where each message stands. A broker answers where the first of a partition does; kafkajs sends those of a partition as one
     * batch, in their order, so the others follow.
     *
     * @param messages and `records` as above
     * @returns without those of which no broker says where they stand
     */
    positionsOf: (messages: readonly Message[], records: readonly RecordMetadata[]): SentMessage[] => {
      const next = new Map<number, bigint>();
      for (const { partition, baseOffset } of records)
        if (baseOffset !== undefined && !baseOffset.startsWith('-')) next.set(partition, BigInt(baseOffset));
      return messages.flatMap((message) => {
        const partition = partitions.get(message) ?? Number.NaN;
        const offset = next.get(partition);
        if (offset === undefined) return [];
        next.set(partition, offset + 1n);
        return [{ message, position: { partition, offset: String(offset) } }];
      });
    },
  };
};
