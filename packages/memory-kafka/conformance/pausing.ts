import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { joinGroup, joinsOf } from './members.ts';
import { eventually, thrown } from './waiting.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export const pausing: Area = (behaviour) => {
  behaviour('a paused partition is not read until it is resumed, the others are', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const { consumer, values } = await world.listen(topic);
    consumer.pause([{ topic, partitions: [1] }]);
    expect(consumer.paused()).toEqual([{ topic, partitions: [1] }]);
    await world.send(topic, { value: 'held', partition: 1 });
    await world.send(topic, { value: 'read', partition: 0 });
    await eventually(() => expect(values()).toEqual(['read']));
    await world.send(topic, { value: 'read too', partition: 0 });
    await eventually(() => expect(values()).toEqual(['read', 'read too']));
    consumer.resume([{ topic, partitions: [1] }]);
    expect(consumer.paused()).toEqual([]);
    await eventually(() => expect(values()).toEqual(['read', 'read too', 'held']));
  });

  behaviour('a paused topic can have single partitions resumed, and is resumed as a whole', async (world) => {
    const topic = await world.createTopic({ partitions: 3 });
    const { consumer, values } = await world.listen(topic);
    consumer.pause([{ topic }]);
    expect(consumer.paused()).toEqual([{ topic, partitions: [0, 1, 2] }]);
    consumer.resume([{ topic, partitions: [2] }]);
    expect(consumer.paused()).toEqual([{ topic, partitions: [0, 1] }]);
    await world.send(topic, { value: '0', partition: 0 });
    await world.send(topic, { value: '2', partition: 2 });
    await eventually(() => expect(values()).toEqual(['2']));
    consumer.resume([{ topic }]);
    await eventually(() => expect(values()).toEqual(['2', '0']));
  });

  behaviour('a topic is paused without the others', async (world) => {
    const [one, two] = [await world.createTopic(), await world.createTopic()];
    const { consumer, values } = await world.listen([one, two]);
    consumer.pause([{ topic: one }]);
    await world.send(one, 'one');
    await world.send(two, 'two');
    await eventually(() => expect(values()).toEqual(['two']));
    consumer.pause([{ topic: two, partitions: [0] }]);
    expect(consumer.paused()).toEqual([
      { topic: one, partitions: [0] },
      { topic: two, partitions: [0] },
    ]);
    consumer.resume([{ topic: one }, { topic: two }]);
    await eventually(() => expect(values()).toEqual(['two', 'one']));
  });

  behaviour('pausing single partitions of a paused topic leaves only these paused', async (world) => {
    const topic = await world.createTopic({ partitions: 3 });
    const { consumer } = await world.listen(topic);
    consumer.pause([{ topic }]);
    consumer.pause([{ topic, partitions: [1] }]);
    expect(consumer.paused()).toEqual([{ topic, partitions: [1] }]);
    consumer.pause([{ topic }]);
    consumer.resume([{ topic, partitions: [0] }]);
    consumer.pause([{ topic, partitions: [0] }]);
    expect(consumer.paused()).toEqual([{ topic, partitions: [0] }]);
  });

  behaviour('pausing twice is resumed once, and resuming what runs does nothing', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const { consumer, values } = await world.listen(topic);
    consumer.resume([{ topic }, { topic: world.unique('unknown') }]);
    consumer.pause([{ topic, partitions: [0] }]);
    consumer.pause([{ topic, partitions: [0, 0] }]);
    consumer.resume([{ topic, partitions: [0] }]);
    expect(consumer.paused()).toEqual([]);
    await world.send(topic, { value: 'a', partition: 0 });
    await eventually(() => expect(values()).toEqual(['a']));
  });

  behaviour('what is not assigned can be paused, but is not listed', async (world) => {
    const topic = await world.createTopic();
    const { consumer, values } = await world.listen(topic);
    consumer.pause([{ topic, partitions: [3] }, { topic: world.unique('unknown') }]);
    expect(consumer.paused()).toEqual([]);
    await world.send(topic, 'a');
    await eventually(() => expect(values()).toEqual(['a']));
  });

  behaviour('partitions that come to a paused topic are paused as well', async (world) => {
    const topic = await world.createTopic();
    const { consumer, joins, values } = await joinGroup(world, topic, { config: { metadataMaxAge: 50 } });
    consumer.pause([{ topic }]);
    await world.admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
    await eventually(() => expect(joins.at(-1)?.memberAssignment[topic]).toHaveLength(2));
    expect(consumer.paused()).toEqual([{ topic, partitions: [0, 1] }]);
    const late = await world.connectProducer();
    await late.send({ topic, messages: [{ value: 'held', partition: 1 }] });
    consumer.resume([{ topic, partitions: [0] }]);
    await late.send({ topic, messages: [{ value: 'read', partition: 0 }] });
    await eventually(() => expect(values()).toEqual(['read']));
  });

  behaviour('partitions that come to a topic with some partitions paused are read', async (world) => {
    const topic = await world.createTopic();
    const { consumer, values } = await joinGroup(world, topic, { config: { metadataMaxAge: 50 } });
    consumer.pause([{ topic, partitions: [0] }]);
    await world.admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
    const late = await world.connectProducer();
    await late.send({ topic, messages: [{ value: 'held', partition: 0 }] });
    await eventually(() => late.send({ topic, messages: [{ value: 'read', partition: 1 }] }));
    await eventually(() => expect(values()).toEqual(['read']));
    expect(consumer.paused()).toEqual([{ topic, partitions: [0] }]);
  });

  behaviour('partitions are listed in the order of their names, not of their numbers', async (world) => {
    const topic = await world.createTopic({ partitions: 12 });
    const consumer = world.consumer();
    const joins = joinsOf(consumer);
    await world.listen(topic, { consumer });
    const listed = numbers(12).map(String).toSorted().map(Number);
    expect(joins[0]?.memberAssignment[topic]).toEqual(listed);
    consumer.pause([{ topic }]);
    expect(consumer.paused()).toEqual([{ topic, partitions: listed }]);
  });

  behaviour('a resumed partition is read from where it stood, however much has come', async (world) => {
    const topic = await world.filledTopic('a');
    const { consumer, values } = await world.listen(topic);
    await eventually(async () => expect(await world.committed(topic)).toBe('1'));
    consumer.pause([{ topic }]);
    await world.send(topic, ...numbers(50).map(String));
    consumer.resume([{ topic }]);
    await eventually(() => expect(values()).toEqual(['a', ...numbers(50).map(String)]));
  });

  behaviour('a pause is forgotten by stop() and the next run()', async (world) => {
    const topic = await world.createTopic();
    const { consumer, values } = await world.listen(topic);
    consumer.pause([{ topic }]);
    await consumer.stop();
    expect(consumer.paused()).toEqual([]);
    await world.send(topic, 'a');
    expect(values()).toEqual([]);
    const received: string[] = [];
    await consumer.run({ eachMessage: async ({ message }) => void received.push(String(message.value)) });
    await eventually(() => expect(received).toEqual(['a']));
  });

  behaviour('pause and resume refuse what makes no sense, and need run() first', async (world) => {
    const consumer = world.consumer();
    for (const verb of ['pause', 'resume'] as const) {
      const refusal = (...targets: unknown[]) => {
        const { name, message, ...rest } = thrown(() => Reflect.apply(consumer[verb], consumer, [targets]));
        expect([name, rest]).toEqual([
          'KafkaJSNonRetriableError',
          expect.objectContaining({ retriable: false }),
        ]);
        return message;
      };
      const partitionsRefused = `Array of valid partitions required to ${verb} specific partitions instead of`;
      expect(refusal({ topic: '' })).toBe('Invalid topic [object Object]');
      expect(refusal(undefined)).toBe('Invalid topic undefined');
      expect(refusal(null)).toBe('Invalid topic null');
      expect(refusal({ topic: 't', partitions: [0, Number.NaN] })).toBe(`${partitionsRefused} 0,NaN`);
      expect(refusal({ topic: 't', partitions: 0 })).toBe(`${partitionsRefused} 0`);
      expect(refusal({ topic: 't', partitions: null })).toBe(`${partitionsRefused} null`);
      expect(refusal({ topic: 't' }, { topic: '' })).toBe('Invalid topic [object Object]');
      expect(refusal({ topic: 't' })).toBe(
        'Consumer group was not initialized, consumer#run must be called first',
      );
      expect(refusal()).toBe('Consumer group was not initialized, consumer#run must be called first');
    }
    expect(consumer.paused()).toEqual([]);
  });
};
