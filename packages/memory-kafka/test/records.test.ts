import { expect, test } from '@jest/globals';
import type { KafkaMessage, Message } from 'kafkajs';
import { eventually, inWorld, listen, rejection, type World } from './support.ts';

const roundTrip = async (world: World, ...messages: Message[]): Promise<KafkaMessage[]> => {
  await world.send('records', ...messages);
  const { received } = await listen(world, 'records');
  await eventually(() => expect(received).toHaveLength(messages.length));
  return received.map(({ message }) => message);
};

test(
  'keys and values arrive as Buffers, null stays null, the empty string is an empty Buffer',
  inWorld(async (world) => {
    const messages = await roundTrip(
      world,
      { key: 'k', value: 'v' },
      { key: null, value: null },
      { value: '' },
      { key: Buffer.from([1, 2]), value: Buffer.from([0, 255]) },
      { key: '', value: 'ключ' },
    );
    expect(messages.map(({ key, value }) => [key, value])).toEqual([
      [Buffer.from('k'), Buffer.from('v')],
      [null, null],
      [null, Buffer.alloc(0)],
      [Buffer.from([1, 2]), Buffer.from([0, 255])],
      [Buffer.alloc(0), Buffer.from('ключ')],
    ]);
  }),
);

test(
  'a header arrives as a Buffer, several values as an array, no headers as an empty object',
  inWorld(async (world) => {
    const [withHeaders, without] = await roundTrip(
      world,
      {
        value: 'v',
        headers: { one: '1', bytes: Buffer.from([7]), many: ['a', Buffer.from('b')], single: ['x'] },
      },
      { value: 'v' },
    );
    expect(withHeaders?.headers).toEqual({
      one: Buffer.from('1'),
      bytes: Buffer.from([7]),
      many: [Buffer.from('a'), Buffer.from('b')],
      single: Buffer.from('x'),
    });
    expect(without?.headers).toEqual({});
  }),
);

test(
  'offset and timestamp are decimal strings, and a missing timestamp is the time of sending',
  inWorld(async (world) => {
    const before = Date.now();
    const messages = await roundTrip(world, { value: 'a', timestamp: '1234567890123' }, { value: 'b' });
    expect(messages.map(({ offset }) => offset)).toEqual(['0', '1']);
    expect(messages[0]?.timestamp).toBe('1234567890123');
    expect(messages[1]?.timestamp).toMatch(/^\d+$/);
    expect(Number(messages[1]?.timestamp)).toBeGreaterThanOrEqual(before);
    expect(messages[0]).toMatchObject({ attributes: 0, magicByte: 2, isControlRecord: false });
    expect(messages[0]).toHaveProperty('batchContext.firstOffset', '0');
  }),
);

test(
  'messages of one partition keep the order in which they were sent, also without waiting in between',
  inWorld(async (world) => {
    await Promise.all(Array.from({ length: 50 }, (_, i) => world.send('records', String(i))));
    const { values } = await listen(world, 'records');
    await eventually(() => expect(values()).toHaveLength(50));
    expect(values()).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
  }),
);

test(
  'the log keeps its own copy: neither the sender nor a receiver can change it',
  inWorld(async (world) => {
    const value = Buffer.from('original');
    const header = Buffer.from('original');
    await world.send('records', { value, headers: { header } });
    value.fill('x');
    header.fill('x');
    const first = await listen(world, 'records', { config: { groupId: 'first' } });
    await eventually(() => expect(first.values()).toEqual(['original']));
    first.received[0]?.message.value?.fill('y');
    const second = await listen(world, 'records', { config: { groupId: 'second' } });
    await eventually(() => expect(second.values()).toEqual(['original']));
    expect(second.received[0]?.message.headers).toEqual({ header: Buffer.from('original') });
  }),
);

test(
  'large messages arrive whole',
  inWorld(async (world) => {
    const sizes = [1, 1023, 1024, 300_000, 2_000_000];
    const messages = await roundTrip(
      world,
      ...sizes.map((size) => ({ value: Buffer.alloc(size, size % 251) })),
    );
    expect(
      messages.map(({ value }) => value?.equals(Buffer.alloc(value.length, value.length % 251))),
    ).toEqual(sizes.map(() => true));
  }),
);

test.each<[string, Message | { key?: unknown; value: unknown; headers?: unknown }]>([
  ['a number as value', { value: 1 }],
  ['a number as key', { key: 1, value: 'v' }],
  ['a header without value', { value: 'v', headers: { none: undefined } }],
])('%s is a TypeError, and nothing of the send is written', async (_what, message) =>
  inWorld(async ({ producer, cluster }) => {
    const messages: Message[] = JSON.parse('[{"value":"fine"}]');
    // Past the compiler, as plain JavaScript would.
    messages.push(Object.assign({ value: null }, message) as Message);
    const error = await rejection(producer.send({ topic: 'typed', messages }));
    expect(error.name).toBe('TypeError');
    expect(cluster.inspect().topics[0]?.partitions[0]?.high).toBe(0);
  })(),
);
