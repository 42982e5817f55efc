import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { packMessage, type RawMessage } from '../src/index.ts';

const bytes = (...values: number[]): Buffer => Buffer.from(values);

const MESSAGES: Readonly<Record<string, RawMessage>> = {
  'with everything': {
    key: bytes(1, 2),
    value: bytes(0, 255, 128),
    headers: { first: bytes(7), empty: bytes(), last: bytes(8, 9) },
    timestamp: '1700000000000',
  },
  'without a key': { key: null, value: bytes(1), headers: { one: bytes(1) } },
  'without a value': { key: bytes(1), value: null, headers: {} },
  'with an empty key and an empty value': { key: bytes(), value: bytes(), headers: {} },
  'with a header that stands twice': { key: null, value: null, headers: { twice: [bytes(1), bytes(2)] } },
  'with a header of text': { key: null, value: null, headers: { text: 'é' } },
  'with a header without a value': { key: null, value: null, headers: { none: undefined } },
};

test.each(Object.keys(MESSAGES))('a message %s comes back as it was', (name) => {
  const message = MESSAGES[name] as RawMessage;
  const unpack = packMessage(message);
  expect(unpack()).toStrictEqual(message);
  expect(unpack()).toStrictEqual(message);
});

test('what becomes of the buffers of the message does not matter', () => {
  const value = bytes(1, 2, 3);
  const unpack = packMessage({ key: null, value, headers: {} });
  value.fill(0);
  expect(unpack().value).toEqual(bytes(1, 2, 3));
});

/** A message that is packed, and a look at whether it is still there itself. */
const packOne = () => {
  const value = bytes(1, 2, 3);
  return { value: new WeakRef(value), unpack: packMessage({ key: null, value, headers: { one: bytes(4) } }) };
};

test('nothing is kept of the message but that one piece', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const { value, unpack } = packOne();
  // Until the end of its turn a weak reference keeps what it was made for.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(value.deref()).toBeUndefined();
  expect(unpack().value).toEqual(bytes(1, 2, 3));
});
