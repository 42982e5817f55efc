import { expect } from '@jest/globals';
import type { Consumer } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { recordingConsumer } from './event-record.ts';
import { joinsOf } from './members.ts';
import { eventually, rejection, thrown } from './waiting.ts';

const NOT_RUNNING = 'Consumer group was not initialized, consumer#run must be called first';

const nothing = async (): Promise<void> => undefined;

const collecting = (consumer: Consumer) => {
  const received: string[] = [];
  const running = consumer.run({
    eachMessage: async ({ message }) => void received.push(String(message.value)),
  });
  return { received, running };
};

export const runs: Area = (behaviour) => {
  behaviour('subscriptions add up', async (world) => {
    const [one, two] = [await world.createTopic(), await world.createTopic()];
    await world.send(one, '1');
    await world.send(two, '2');
    const consumer = world.consumer();
    await consumer.subscribe({ topic: one, fromBeginning: true });
    const { values } = await world.listen(two, { consumer });
    await eventually(() => expect(values().toSorted()).toEqual(['1', '2']));
  });

  behaviour('the last subscription of a topic says where it begins', async (world) => {
    const topic = await world.filledTopic('a');
    const consumer = world.consumer();
    await consumer.subscribe({ topics: [topic], fromBeginning: false });
    const { values } = await world.listen(topic, { consumer, fromBeginning: true });
    await eventually(() => expect(values()).toEqual(['a']));
  });

  behaviour('subscribe() is refused from the call of run() until stop() is through', async (world) => {
    const topic = await world.createTopic();
    const consumer = world.consumer();
    await consumer.subscribe({ topics: [topic] });
    const refusal = {
      name: 'KafkaJSNonRetriableError',
      message: 'Cannot subscribe to topic while consumer is running',
      retriable: false,
    };
    const running = consumer.run({ eachMessage: nothing });
    expect(await rejection(consumer.subscribe({ topics: [topic] }))).toMatchObject(refusal);
    await running;
    const stopping = consumer.stop();
    // Also with arguments that make no sense.
    expect(await rejection(consumer.subscribe({ topics: [] }))).toMatchObject(refusal);
    await stopping;
    await consumer.subscribe({ topics: [topic] });
  });

  behaviour('a second run() is ignored, with its handler', async (world) => {
    const topic = await world.createTopic();
    const { consumer, values } = await world.listen(topic);
    const joins = joinsOf(consumer);
    const second = collecting(consumer);
    await second.running;
    await world.send(topic, 'a');
    await eventually(() => expect(values()).toEqual(['a']));
    expect([second.received, joins]).toEqual([[], []]);
  });

  behaviour('run() without a subscription joins, with nothing to read', async (world) => {
    const consumer = world.consumer();
    const joins = joinsOf(consumer);
    await consumer.run({ eachMessage: nothing });
    expect(joins).toMatchObject([{ memberAssignment: {}, isLeader: true }]);
    expect(consumer.paused()).toEqual([]);
  });

  behaviour('run() without a handler joins', async (world) => {
    const topic = await world.createTopic();
    const consumer = world.consumer();
    const joins = joinsOf(consumer);
    await consumer.subscribe({ topics: [topic] });
    await consumer.run();
    expect(joins).toMatchObject([{ memberAssignment: { [topic]: [0] } }]);
  });

  behaviour(
    'after stop() the same consumer can subscribe to more and run again, as another member',
    async (world) => {
      const [first, second] = [await world.createTopic(), await world.createTopic()];
      await world.send(first, '1');
      const consumer = world.consumer();
      const joins = joinsOf(consumer);
      const { values } = await world.listen(first, { consumer });
      await eventually(async () => expect(await world.committed(first)).toBe('1'));
      await consumer.stop();
      await world.send(second, '2');
      const again = await world.listen(second, { consumer });
      await eventually(() => expect(again.values()).toEqual(['2']));
      await world.send(first, '3');
      await eventually(() => expect(again.values()).toEqual(['2', '3']));
      expect(values()).toEqual(['1']);
      expect(new Set(joins.map(({ memberId }) => memberId)).size).toBe(2);
    },
  );

  behaviour('after disconnect() run() connects again and keeps the subscription', async (world) => {
    const topic = await world.createTopic();
    const { consumer, values } = await world.listen(topic);
    await world.send(topic, 'a');
    await eventually(async () => expect(await world.committed(topic)).toBe('1'));
    await consumer.disconnect();
    await world.send(topic, 'b');
    const again = collecting(consumer);
    await again.running;
    await eventually(() => expect(again.received).toEqual(['b']));
    expect(values()).toEqual(['a']);
  });

  behaviour('run() called while stop() is waiting is ignored', async (world) => {
    const topic = await world.createTopic();
    const { consumer } = await world.listen(topic);
    const stopping = consumer.stop();
    await consumer.run({ eachMessage: nothing });
    await stopping;
    const { groups } = await world.admin.describeGroups([world.groupId]);
    expect(groups).toMatchObject([{ state: 'Empty' }]);
  });

  behaviour('what needs run() is refused before it and after stop()', async (world) => {
    const topic = await world.createTopic();
    const consumer = world.consumer();
    const target = { topic, partition: 0, offset: '0' };
    const refused = async (): Promise<void> => {
      for (const call of [
        () => consumer.seek(target),
        () => consumer.pause([{ topic }]),
        () => consumer.resume([{ topic }]),
      ]) {
        expect(thrown(call).message).toBe(NOT_RUNNING);
      }
      expect(await rejection(consumer.commitOffsets([target]))).toMatchObject({
        message: NOT_RUNNING,
        retriable: false,
      });
      expect(consumer.paused()).toEqual([]);
    };
    await refused();
    await world.listen(topic, { consumer });
    await consumer.stop();
    await refused();
  });

  behaviour('what needs run() is accepted as soon as run() was called', async (world) => {
    const topic = await world.createTopic();
    const consumer = world.consumer();
    await consumer.subscribe({ topics: [topic] });
    const running = consumer.run({ eachMessage: nothing });
    consumer.pause([{ topic }]);
    consumer.resume([{ topic }]);
    consumer.seek({ topic, partition: 0, offset: '0' });
    // Nothing is committed before the join, and nobody is notified.
    await consumer.commitOffsets([{ topic, partition: 0, offset: '7' }]);
    await running;
    expect(await world.committed(topic)).not.toBe('7');
  });

  behaviour('a consumer that crashed for good can be run again', async (world) => {
    const topic = await world.filledTopic('a');
    const { consumer, recorded } = recordingConsumer(world, ['CRASH']);
    await world.listen(topic, {
      consumer,
      onMessage: () => {
        throw new TypeError('a bug');
      },
    });
    await eventually(() => expect(recorded.payloads('CRASH')).toMatchObject([{ restart: false }]));
    await consumer.connect();
    const again = collecting(consumer);
    await again.running;
    await eventually(() => expect(again.received).toEqual(['a']));
  });
};
