import { expect } from '@jest/globals';
import type { KafkaMessage, Message } from 'kafkajs';
import { unchecked } from './unchecked.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

/** All messages of a topic from its beginning, as a new group receives them; waits until there are `count`. */
export const readMessages = async (world: World, topic: string, count: number): Promise<KafkaMessage[]> => {
  const { received } = await world.listen(topic, { config: { groupId: world.unique('reader') } });
  await eventually(() => expect(received).toHaveLength(count));
  return received.map(({ message }) => message);
};

/** Sends messages to a topic of their own, and reads them back. */
export const roundTrip = async (world: World, ...messages: Message[]): Promise<KafkaMessage[]> => {
  const topic = await world.createTopic();
  await world.producer.send({ topic, messages });
  return readMessages(world, topic, messages.length);
};

/** The offset behind the last message of each partition, from partition 0 on. */
export const highsOf = async ({ admin }: World, topic: string): Promise<number[]> => {
  const offsets = await admin.fetchTopicOffsets(topic);
  return offsets.toSorted((a, b) => a.partition - b.partition).map(({ high }) => Number(high));
};

/** The error of a send in which the first message is fine and the second is this one; nothing of it is in the log. */
export const refusalBeside = async (world: World, message: unknown): Promise<Error> => {
  const topic = await world.createTopic();
  const messages = [{ value: 'fine' }, unchecked(message)];
  const error = await rejection(world.producer.send({ topic, messages }));
  expect(await highsOf(world, topic)).toEqual([0]);
  return error;
};
