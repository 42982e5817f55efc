import { expect } from '@jest/globals';
import type { KafkaMessage, Message } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { readMessages, refusalBeside, roundTrip } from './reading.ts';
import { unchecked } from './unchecked.ts';

const contentsOf = (messages: readonly KafkaMessage[]) => messages.map(({ key, value }) => [key, value]);

const contents: Area = (behaviour) => {
  behaviour(
    'keys and values arrive as Buffers, null stays null, the empty text is an empty Buffer',
    async (world) => {
      const messages = await roundTrip(
        world,
        { key: 'k', value: 'v' },
        { key: null, value: null },
        { value: '' },
        { key: Buffer.from([1, 2]), value: Buffer.from([0, 255]) },
        { key: '', value: 'ключ 🔑' },
      );
      expect(contentsOf(messages)).toEqual([
        [Buffer.from('k'), Buffer.from('v')],
        [null, null],
        [null, Buffer.alloc(0)],
        [Buffer.from([1, 2]), Buffer.from([0, 255])],
        [Buffer.alloc(0), Buffer.from('ключ 🔑')],
      ]);
      expect(messages.every(({ value }) => value === null || Buffer.isBuffer(value))).toBe(true);
    },
  );

  behaviour('half a surrogate pair becomes the replacement character', async (world) => {
    expect(contentsOf(await roundTrip(world, { value: '\ud83d' }))).toEqual([[null, Buffer.from('\ufffd')]]);
  });

  behaviour(
    'a header arrives as a Buffer, several values as an array, one value in an array as itself',
    async (world) => {
      const [message] = await roundTrip(world, {
        value: 'v',
        headers: {
          one: '1',
          bytes: Buffer.from([7]),
          many: ['a', Buffer.from('b'), 'c'],
          single: ['x'],
          empty: '',
        },
      });
      expect(message?.headers).toEqual({
        one: Buffer.from('1'),
        bytes: Buffer.from([7]),
        many: [Buffer.from('a'), Buffer.from('b'), Buffer.from('c')],
        single: Buffer.from('x'),
        empty: Buffer.alloc(0),
      });
    },
  );

  behaviour('no headers are an empty object, and so is a header without values', async (world) => {
    const messages = await roundTrip(
      world,
      { value: 'v' },
      { value: 'v', headers: {} },
      { value: 'v', headers: { none: [] } },
    );
    expect(messages.map(({ headers }) => headers)).toEqual([{}, {}, {}]);
  });

  behaviour('headers keep their order, and each message its own', async (world) => {
    const messages = await roundTrip(
      world,
      { value: '1', headers: { z: '1', a: '2', 'x y': '3', ключ: '4' } },
      { value: '2', headers: { a: 'other' } },
    );
    expect(messages.map(({ headers }) => Object.keys(headers ?? {}))).toEqual([
      ['z', 'a', 'x y', 'ключ'],
      ['a'],
    ]);
    expect(messages[1]?.headers).toEqual({ a: Buffer.from('other') });
  });

  behaviour('a message is handed over with all that kafkajs knows of its batch', async (world) => {
    const sent: Message[] = [
      { value: 'a', timestamp: '1000' },
      { value: 'b', timestamp: '2000' },
    ];
    const batchContext = {
      firstOffset: '0',
      firstTimestamp: '1000',
      partitionLeaderEpoch: 0,
      inTransaction: false,
      isControlBatch: false,
      lastOffsetDelta: 1,
      producerId: '-1',
      producerEpoch: 0,
      firstSequence: 0,
      maxTimestamp: '2000',
      timestampType: 0,
      magicByte: 2,
    };
    const common = {
      magicByte: 2,
      attributes: 0,
      key: null,
      headers: {},
      isControlRecord: false,
      batchContext,
    };
    expect(await roundTrip(world, ...sent)).toEqual([
      { ...common, offset: '0', timestamp: '1000', value: Buffer.from('a') },
      { ...common, offset: '1', timestamp: '2000', value: Buffer.from('b') },
    ]);
  });

  behaviour('what is sent together shares a batch, what is sent after it begins another', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    await world.send(topic, 'c');
    const messages = await readMessages(world, topic, 3);
    const batches = messages.map((message) => Reflect.get(message, 'batchContext'));
    expect(batches).toMatchObject([
      { firstOffset: '0', lastOffsetDelta: 1 },
      { firstOffset: '0', lastOffsetDelta: 1 },
      { firstOffset: '2', lastOffsetDelta: 0 },
    ]);
  });

  behaviour('the log keeps its own copy: neither the sender nor a receiver can change it', async (world) => {
    const topic = await world.createTopic();
    const [key, value, header] = ['key', 'value', 'header'].map((text) => Buffer.from(text));
    const headers: Message['headers'] = { header };
    await world.send(topic, { key: key ?? null, value: value ?? null, headers });
    for (const bytes of [key, value, header]) bytes?.fill('x');
    headers['late'] = 'x';
    const expected = {
      key: Buffer.from('key'),
      value: Buffer.from('value'),
      headers: { header: Buffer.from('header') },
    };
    const [first] = await readMessages(world, topic, 1);
    expect(first).toMatchObject(expected);
    for (const bytes of [first?.key, first?.value, first?.headers?.['header']])
      if (Buffer.isBuffer(bytes)) bytes.fill('y');
    const [second] = await readMessages(world, topic, 1);
    expect(second).toMatchObject(expected);
    expect(Object.keys(second?.headers ?? {})).toEqual(['header']);
  });

  behaviour('messages and their arrays may be frozen, and are not touched', async (world) => {
    const topic = await world.createTopic();
    const message = Object.freeze({ key: 'k', value: 'v', headers: Object.freeze({ h: 'x' }) });
    await world.producer.send({ topic, messages: unchecked(Object.freeze([message, message])) });
    expect(contentsOf(await readMessages(world, topic, 2))).toHaveLength(2);
    expect(message).toEqual({ key: 'k', value: 'v', headers: { h: 'x' } });
  });

  behaviour('messages of many sizes arrive whole, in their order', async (world) => {
    const sizes = [0, 1, 63, 64, 1023, 1024, 65_535, 65_536, 300_000];
    const messages = await roundTrip(
      world,
      ...sizes.map((size) => ({ value: Buffer.alloc(size, size % 251) })),
    );
    const areWhole = messages.map(({ value }, i) =>
      value?.equals(Buffer.alloc(sizes[i] ?? 0, (sizes[i] ?? 0) % 251)),
    );
    expect(areWhole).toEqual(sizes.map(() => true));
  });
};

const refusals: Area = (behaviour) => {
  const wrong: Readonly<Record<string, object>> = {
    'a number as value': { value: 1 },
    'a boolean as value': { value: false },
    'an object as value': { value: { a: 1 } },
    'a number as key': { key: 1, value: 'v' },
    'a header without value': { value: 'v', headers: { none: undefined } },
    'null as header': { value: 'v', headers: { none: null } },
    'null among the values of a header': { value: 'v', headers: { some: ['a', null] } },
    'a number as header': { value: 'v', headers: { number: 1 } },
    'null for all headers': { value: 'v', headers: null },
  };
  for (const [what, message] of Object.entries(wrong)) {
    behaviour(`${what} is a TypeError, and nothing of the send is written`, async (world) => {
      expect((await refusalBeside(world, message)).name).toBe('TypeError');
    });
  }

  behaviour("a header without a value is refused in Node.js's own words", async (world) => {
    for (const nothing of [undefined, null]) {
      expect(await refusalBeside(world, { value: 'v', headers: { none: nothing } })).toMatchObject({
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
        message: `The "string" argument must be of type string or an instance of Buffer or ArrayBuffer. Received ${nothing}`,
      });
    }
  });

  behaviour('bytes that are no Buffer make a record that the broker cannot read', async (world) => {
    // kafkajs announces as many bytes as there are, and then writes the array as a text: '1,2,3'.
    const bytes = new Uint8Array([1, 2, 3]);
    for (const message of [
      { value: bytes },
      { key: bytes, value: 'v' },
      { value: 'v', headers: { bytes } },
    ]) {
      expect(await refusalBeside(world, message)).toMatchObject({
        name: 'KafkaJSProtocolError',
        message: 'This record has failed the validation on broker and hence be rejected',
        type: 'INVALID_RECORD',
        code: 87,
        retriable: false,
      });
    }
  });

  behaviour('they arrive as that text where it has as many bytes', async (world) => {
    const message = {
      key: new Uint8Array([7]),
      value: new Uint8Array([5]),
      headers: { h: new Uint8Array([9]) },
    };
    expect(await roundTrip(world, unchecked(message))).toMatchObject([
      { key: Buffer.from('7'), value: Buffer.from('5'), headers: { h: Buffer.from('9') } },
    ]);
  });
};

export const records: Area = (behaviour) => {
  contents(behaviour);
  refusals(behaviour);
};
