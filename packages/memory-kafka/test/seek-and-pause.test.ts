import { expect, test } from '@jest/globals';
import { committed, eventually, inWorld, listen, settle } from './support.ts';

test(
  'seek right after the call of run() decides where to start',
  inWorld(async (world) => {
    await world.send('sought', 'a', 'b', 'c');
    const consumer = world.consumer();
    await consumer.subscribe({ topics: ['sought'], fromBeginning: true });
    const received: string[] = [];
    const running = consumer.run({
      eachMessage: async ({ message }) => void received.push(String(message.value)),
    });
    consumer.seek({ topic: 'sought', partition: 0, offset: '1' });
    consumer.seek({ topic: 'sought', partition: 0, offset: '2' });
    await running;
    await eventually(() => expect(received).toEqual(['c']));
  }),
);

test(
  'seek goes back, also while nothing arrives, and with autoCommit moves the group',
  inWorld(async (world) => {
    await world.send('back', 'a', 'b');
    const { consumer, values } = await listen(world, 'back');
    await eventually(() => expect(committed(world, 'back')).toBe(2));
    await settle();
    consumer.seek({ topic: 'back', partition: 0, offset: '1' });
    await eventually(() => expect(values()).toEqual(['a', 'b', 'b']));
    consumer.pause([{ topic: 'back' }]);
    consumer.seek({ topic: 'back', partition: 0, offset: '0' });
    await eventually(() => expect(committed(world, 'back')).toBe(0));
  }),
);

test(
  'without autoCommit seek does not commit',
  inWorld(async (world) => {
    await world.send('quiet', 'a', 'b');
    const { consumer, values } = await listen(world, 'quiet', { autoCommit: false });
    await eventually(() => expect(values()).toEqual(['a', 'b']));
    consumer.seek({ topic: 'quiet', partition: 0, offset: '0' });
    await eventually(() => expect(values()).toEqual(['a', 'b', 'a', 'b']));
    expect(committed(world, 'quiet')).toBe(-1);
  }),
);

test(
  'a seek makes the batch in hand stale: eachMessage breaks off, eachBatch is told',
  inWorld(async (world) => {
    await world.send('stale', 'a', 'b', 'c');
    const consumer = world.consumer({ groupId: 'messages' });
    let sought = false;
    const { values } = await listen(world, 'stale', {
      consumer,
      onMessage: ({ value }) => {
        if (value !== 'a' || sought) return;
        sought = true;
        consumer.seek({ topic: 'stale', partition: 0, offset: '2' });
      },
    });
    await eventually(() => expect(values()).toEqual(['a', 'c']));

    const batches = world.consumer({ groupId: 'batches' });
    await batches.subscribe({ topics: ['stale'], fromBeginning: true });
    const stale: boolean[] = [];
    await batches.run({
      eachBatch: async ({ isStale }) => {
        stale.push(isStale());
        if (stale.length > 1) return;
        batches.seek({ topic: 'stale', partition: 0, offset: '0' });
        stale.push(isStale());
      },
    });
    await eventually(() => expect(stale).toEqual([false, true, false]));
  }),
);

test(
  'seek and pause refuse what makes no sense, and need run() first',
  inWorld(async (world) => {
    const consumer = world.consumer();
    const target = { topic: 't', partition: 0, offset: '1' };
    expect(() => consumer.seek({ ...target, topic: '' })).toThrow('Invalid topic');
    expect(() => consumer.seek({ ...target, offset: '-3' })).toThrow('Offset must not be a negative number');
    expect(() => consumer.seek({ ...target, offset: 'x' })).toThrow(
      'Invalid offset, expected a long received x',
    );
    expect(() => consumer.seek(target)).toThrow('consumer#run must be called first');
    expect(() => consumer.pause([{ topic: '' }])).toThrow('Invalid topic');
    expect(() => consumer.pause([{ topic: 't', partitions: [NaN] }])).toThrow(
      'Array of valid partitions required to pause specific partitions instead of NaN',
    );
    expect(() => consumer.pause([{ topic: 't' }])).toThrow('consumer#run must be called first');
    expect(() => consumer.resume([{ topic: 't' }])).toThrow('consumer#run must be called first');
    expect(consumer.paused()).toEqual([]);
  }),
);

test(
  'a paused partition is not read until it is resumed, the others are',
  inWorld(async (world) => {
    await world.createTopic('paused', 2);
    const { consumer, values } = await listen(world, 'paused');
    consumer.pause([{ topic: 'paused', partitions: [1] }]);
    expect(consumer.paused()).toEqual([{ topic: 'paused', partitions: [1] }]);
    await world.send('paused', { value: 'held', partition: 1 }, { value: 'read', partition: 0 });
    await eventually(() => expect(values()).toEqual(['read']));
    await settle();
    expect(values()).toEqual(['read']);
    consumer.resume([{ topic: 'paused', partitions: [1] }]);
    await eventually(() => expect(values()).toEqual(['read', 'held']));
    expect(consumer.paused()).toEqual([]);
  }),
);

test(
  'a paused topic can have single partitions resumed, and is resumed as a whole',
  inWorld(async (world) => {
    await world.createTopic('whole', 3);
    const { consumer, values } = await listen(world, 'whole');
    consumer.pause([{ topic: 'whole' }]);
    consumer.resume([{ topic: 'whole', partitions: [2] }]);
    expect(consumer.paused()).toEqual([{ topic: 'whole', partitions: [0, 1] }]);
    await world.send('whole', { value: '0', partition: 0 }, { value: '2', partition: 2 });
    await eventually(() => expect(values()).toEqual(['2']));
    consumer.resume([{ topic: 'whole' }]);
    await eventually(() => expect(values()).toEqual(['2', '0']));
  }),
);

test(
  'pause inside eachMessage ends the batch after that message, and resume goes on behind it',
  inWorld(async (world) => {
    await world.send('inside', 'a', 'b');
    const consumer = world.consumer();
    await consumer.subscribe({ topics: ['inside'], fromBeginning: true });
    const received: string[] = [];
    let resume: () => void = () => undefined;
    await consumer.run({
      eachMessage: async ({ message, pause }) => {
        received.push(String(message.value));
        if (received.length === 1) resume = pause();
      },
    });
    await eventually(() => expect(committed(world, 'inside')).toBe(1));
    await settle();
    expect(received).toEqual(['a']);
    resume();
    await eventually(() => expect(received).toEqual(['a', 'b']));
  }),
);

test(
  'pause and throw: no retry until it is resumed',
  inWorld(async (world) => {
    await world.send('thrown', 'a');
    const consumer = world.consumer();
    await consumer.subscribe({ topics: ['thrown'], fromBeginning: true });
    let attempts = 0;
    let resume: () => void = () => undefined;
    let fetches = 0;
    consumer.on(consumer.events.FETCH_START, () => void (fetches += 1));
    await consumer.run({
      eachMessage: async ({ pause }) => {
        attempts += 1;
        if (attempts > 1) return;
        resume = pause();
        throw new Error('not now');
      },
    });
    await eventually(() => expect(attempts).toBe(1));
    const before = fetches;
    await eventually(() => expect(fetches).toBeGreaterThan(before));
    await settle();
    expect(attempts).toBe(1);
    resume();
    await eventually(() => expect(attempts).toBe(2));
  }),
);
