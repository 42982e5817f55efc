import kafkajs, { type ICustomPartitioner, type Message, type RecordMetadata } from 'kafkajs';

/**
 * Tells which messages of a send no broker has answered for. kafkajs tries a send again at the brokers that have not answered
 * yet. Where a partition meanwhile has moved to one that has, its messages are not written, and the send resolves all the same.
 */
export const createAnsweredMessages = () => {
  const partitions = new WeakMap<Message, number>();
  const createPartitioner: ICustomPartitioner = () => {
    const choose = kafkajs.Partitioners.DefaultPartitioner();
    return (choice) => {
      const partition = choose(choice);
      partitions.set(choice.message, partition);
      return partition;
    };
  };
  return {
    /** kafkajs's own, for the producer that sends; what it chooses is kept. */
    createPartitioner,
    /**
     * @param messages what was sent to one topic, by that producer
     * @param records what the send resolved with
     */
    countUnanswered: (messages: readonly Message[], records: readonly RecordMetadata[]): number => {
      const answered = new Set(records.map(({ partition }) => partition));
      return messages.filter((message) => !answered.has(partitions.get(message) ?? Number.NaN)).length;
    },
  };
};
