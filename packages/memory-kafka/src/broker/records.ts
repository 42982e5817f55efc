import type { IHeaders, Message } from 'kafkajs';

/** A message on its way into a log, its values still the caller's. */
export interface RecordToWrite {
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers: readonly (readonly [name: string, value: Buffer | string])[];
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** Bytes of key, value and header values. */
  readonly payloadBytes: number;
  /** Bytes of the record in Kafka's wire format, on which the sizes of fetches depend. */
  readonly wireBytes: number;
}

const NO_HEADERS: RecordToWrite['headers'] = [];

const varIntBytes = (value: number): number => {
  const zigzag = value < 0 ? -value * 2 - 1 : value * 2;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
};

const headerPairs = (headers: IHeaders | undefined): RecordToWrite['headers'] => {
  if (headers === undefined) return NO_HEADERS;
  const pairs: [string, Buffer | string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      // As in kafkajs: a header without a value is a programming error, and Node says so with a TypeError.
      if (each === undefined)
        throw new TypeError(`The value of header "${name}" must be a string or a Buffer`);
      pairs.push([name, each]);
    }
  }
  return pairs;
};

const prefixed = (length: number): number => varIntBytes(length) + length;

const timestampOf = (timestamp: string | undefined, now: number): number =>
  timestamp ? Number(BigInt(timestamp)) : now;

/**
 * Measures a message and checks it; nothing is copied yet. Throws TypeError for keys, values and headers that are
 * neither string nor Buffer, SyntaxError for a timestamp that is no number.
 */
export const toRecord = (message: Message, now: number): RecordToWrite => {
  const key = message.key ?? null;
  const value = message.value;
  const headers = headerPairs(message.headers);
  const keyBytes = key === null ? -1 : Buffer.byteLength(key);
  const valueBytes = value === null ? -1 : Buffer.byteLength(value);
  let payloadBytes = Math.max(keyBytes, 0) + Math.max(valueBytes, 0);
  let wireBytes = 3 + prefixed(Math.max(keyBytes, 0)) + prefixed(Math.max(valueBytes, 0));
  wireBytes += varIntBytes(headers.length);
  for (const [name, header] of headers) {
    const headerBytes = Buffer.byteLength(header);
    payloadBytes += headerBytes;
    wireBytes += prefixed(Buffer.byteLength(name)) + prefixed(headerBytes);
  }
  wireBytes += varIntBytes(wireBytes);
  return { key, value, headers, timestamp: timestampOf(message.timestamp, now), payloadBytes, wireBytes };
};
