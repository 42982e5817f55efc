import type { RawMessage } from './event-codec.ts';

const NOTHING = Buffer.alloc(0);

/** In a function of its own: two closures of one function keep what either of them needs. */
const asItIs = (raw: RawMessage) => (): RawMessage => raw;

const asOnePiece = (
  { key, value, timestamp }: RawMessage,
  names: readonly string[],
  values: readonly Buffer[],
): (() => RawMessage) => {
  const bytes = Buffer.concat([key ?? NOTHING, value ?? NOTHING, ...values]);
  const lengths = values.map((part) => part.length);
  const keyLength = key?.length;
  const valueLength = value?.length;
  return () => {
    let at = 0;
    const next = (length: number): Buffer => bytes.subarray(at, (at += length));
    return {
      key: keyLength === undefined ? null : next(keyLength),
      value: valueLength === undefined ? null : next(valueLength),
      headers: Object.fromEntries(names.map((name, index) => [name, next(lengths[index] ?? 0)])),
      ...(timestamp === undefined ? {} : { timestamp }),
    };
  };
};

/**
 * Keeps a message as one piece of memory instead of a dozen, for where tens of thousands wait: what is kept is what
 * garbage collection goes through again and again.
 *
 * @returns gives the message back, byte for byte
 */
export const packMessage = (raw: RawMessage): (() => RawMessage) => {
  const { headers = {} } = raw;
  const values = Object.values(headers);
  // A header that stands more than once, or has no value, is rare and stays as it is.
  if (!values.every((part) => Buffer.isBuffer(part))) return asItIs(raw);
  return asOnePiece(raw, Object.keys(headers), values);
};
