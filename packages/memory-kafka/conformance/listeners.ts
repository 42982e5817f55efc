import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { EVENT_KEYS, recordEvents, nextEvent } from './event-record.ts';
import { eventually, rejection, thrown } from './waiting.ts';

export const listeners: Area = (behaviour) => {
  behaviour('an unknown name is refused with a list of those that there are', async (world) => {
    const consumer = world.consumer();
    const on = (name: string) => Reflect.apply(consumer.on, consumer, [name, () => undefined]);
    const error = thrown(() => on('consumer.nonsense'));
    expect(error).toBeInstanceOf(world.kafkajs.KafkaJSNonRetriableError);
    expect(error.message).toBe(
      `Event name should be one of ${Object.keys(consumer.events)
        .map((key) => `consumer.events.${key}`)
        .join(', ')}`,
    );
    // It is the value that counts, not the key.
    expect(thrown(() => on('HEARTBEAT'))).toMatchObject({ message: error.message });
  });

  behaviour('names of the network can be listened for', async (world) => {
    const consumer = world.consumer();
    const { REQUEST, REQUEST_TIMEOUT, REQUEST_QUEUE_SIZE } = consumer.events;
    for (const name of [REQUEST, REQUEST_TIMEOUT, REQUEST_QUEUE_SIZE]) {
      const remove = consumer.on(name, () => undefined);
      expect(remove).toBeInstanceOf(Function);
      remove();
    }
  });

  behaviour('a listener that was removed is notified no more, and may be removed twice', async (world) => {
    const topic = await world.createTopic();
    const consumer = world.consumer();
    const recorded: string[] = [];
    const remove = consumer.on(consumer.events.END_BATCH_PROCESS, () => recorded.push('removed'));
    consumer.on(consumer.events.END_BATCH_PROCESS, () => recorded.push('stays'));
    await world.listen(topic, { consumer });
    await world.send(topic, 'a');
    await eventually(() => expect(recorded).toEqual(['removed', 'stays']));
    remove();
    remove();
    await world.send(topic, 'b');
    await eventually(() => expect(recorded).toEqual(['removed', 'stays', 'stays']));
  });

  behaviour('a listener that is added twice is called twice, and each has its own remover', async (world) => {
    const consumer = world.consumer();
    let calls = 0;
    const listener = (): void => {
      calls += 1;
    };
    const remove = consumer.on(consumer.events.DISCONNECT, listener);
    consumer.on(consumer.events.DISCONNECT, listener);
    await consumer.disconnect();
    expect(calls).toBe(2);
    remove();
    await consumer.disconnect();
    expect(calls).toBe(3);
  });

  behaviour(
    'listeners are called in the order in which they were added, with one and the same event',
    async (world) => {
      const consumer = world.consumer();
      const recorded: { name: string; event: unknown }[] = [];
      for (const name of ['first', 'second']) {
        consumer.on(consumer.events.DISCONNECT, (event) => recorded.push({ name, event }));
      }
      await consumer.disconnect();
      expect(recorded.map(({ name }) => name)).toEqual(['first', 'second']);
      expect(recorded[0]?.event).toBe(recorded[1]?.event);
    },
  );

  behaviour('a listener that removes itself does not keep the next from being called', async (world) => {
    const consumer = world.consumer();
    const recorded: string[] = [];
    const remove = consumer.on(consumer.events.DISCONNECT, () => {
      recorded.push('once');
      remove();
    });
    consumer.on(consumer.events.DISCONNECT, () => recorded.push('always'));
    await consumer.disconnect();
    await consumer.disconnect();
    expect(recorded).toEqual(['once', 'always', 'always']);
  });

  behaviour('a listener that was added after the call of run() is notified of the join', async (world) => {
    const topic = await world.createTopic();
    const consumer = world.consumer();
    await consumer.subscribe({ topics: [topic] });
    const running = consumer.run({ eachMessage: async () => undefined });
    const joined = nextEvent(consumer, 'GROUP_JOIN');
    await running;
    expect((await joined).payload).toMatchObject({ memberAssignment: { [topic]: [0] } });
  });

  behaviour('events of one consumer are not those of another of the same instance', async (world) => {
    const [one, other] = ['one', 'other'].map((name) =>
      world.kafka.consumer({ groupId: world.unique(name) }),
    );
    if (one === undefined || other === undefined) throw new Error('two were made');
    const recorded = recordEvents(other, EVENT_KEYS);
    await one.disconnect();
    expect(recorded.events).toEqual([]);
  });

  behaviour('a listener that fails later disturbs nothing', async (world) => {
    const topic = await world.filledTopic('a');
    const consumer = world.consumer();
    const { GROUP_JOIN, START_BATCH_PROCESS, END_BATCH_PROCESS } = consumer.events;
    for (const name of [GROUP_JOIN, START_BATCH_PROCESS, END_BATCH_PROCESS]) {
      consumer.on(name, async () => {
        throw new Error('listener failed');
      });
    }
    const recorded = recordEvents(consumer, ['CRASH', 'START_BATCH_PROCESS']);
    const { values } = await world.listen(topic, { consumer });
    await eventually(async () => expect(await world.committed(topic)).toBe('1'));
    expect([values(), recorded.keys()]).toEqual([['a'], ['START_BATCH_PROCESS']]);
  });

  behaviour('a listener that fails later is logged with the name of the event', async (world) => {
    const logged: unknown[] = [];
    const consumer = world
      .another({
        logLevel: world.kafkajs.logLevel.ERROR,
        logCreator: () => (entry) =>
          void logged.push({ namespace: entry.namespace, label: entry.label, ...entry.log }),
      })
      .consumer({ groupId: world.unique('group') });
    consumer.on(consumer.events.DISCONNECT, async () => {
      throw new Error('listener failed');
    });
    await consumer.disconnect();
    await eventually(() => expect(logged).toHaveLength(1));
    expect(logged[0]).toMatchObject({
      namespace: 'Consumer',
      label: 'ERROR',
      message: 'Failed to execute listener: listener failed',
      eventName: 'consumer.disconnect',
      stack: expect.any(String),
    });
  });

  behaviour('a listener that throws at once fails the batch, which comes again', async (world) => {
    const topic = await world.filledTopic('a');
    const consumer = world.consumer();
    let starts = 0;
    consumer.on(consumer.events.START_BATCH_PROCESS, () => {
      starts += 1;
      if (starts === 1) throw new Error('at once');
    });
    const { values } = await world.listen(topic, { consumer });
    await eventually(() => expect(values()).toEqual(['a']));
    expect(starts).toBe(2);
  });

  behaviour('a listener of DISCONNECT that throws at once makes disconnect() reject', async (world) => {
    const consumer = world.another().consumer({ groupId: world.unique('group') });
    consumer.on(consumer.events.DISCONNECT, () => {
      throw new Error('at once');
    });
    expect(await rejection(consumer.disconnect())).toMatchObject({ message: 'at once' });
  });
};
