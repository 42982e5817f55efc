import type { IHeaders, Message } from 'kafkajs';

/** A message on its way into a log, its values still the caller's. */
export interface RecordToWrite {
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers: readonly (readonly [name: string, value: Buffer | string])[];
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** The one of its batch, to which its own is relative on the wire. */
  readonly baseTimestamp: number;
  /** Bytes of key, value and header values. */
  readonly payloadBytes: number;
  /** Bytes of the record in Kafka's wire format, on which the sizes of batches and fetches depend. */
  readonly wireBytes: number;
  /** False if the broker cannot make sense of the bytes that kafkajs would have sent. */
  readonly isReadable: boolean;
}

const NO_HEADERS: RecordToWrite['headers'] = [];

const varIntBytes = (value: number): number => {
  const zigzag = value < 0 ? -value * 2 - 1 : value * 2;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  if (zigzag < 0x1000_0000) return 4;
  // Beyond are only the distances between timestamps.
  return Math.ceil(Math.log2(zigzag + 1) / 7);
};

const headerPairs = (headers: IHeaders | undefined): RecordToWrite['headers'] => {
  if (headers === undefined) return NO_HEADERS;
  const pairs: [string, Buffer | string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      // What has no value is refused where it is measured.
      pairs.push([name, each as Buffer | string]);
    }
  }
  return pairs;
};

const prefixed = (length: number): number => varIntBytes(length) + length;

type Timestamp = string | number;

const NO_TIMESTAMPS: readonly Timestamp[] = [];

const isGiven = (timestamp: string | null | undefined): timestamp is string =>
  timestamp !== undefined && timestamp !== null;

// kafkajs sorts the timestamps that were given, be they texts or numbers, as texts; the first and the last have to be
// whole numbers.
const sortedTimestamps = (messages: readonly Message[]): readonly Timestamp[] => {
  if (!messages.some(({ timestamp }) => isGiven(timestamp))) return NO_TIMESTAMPS;
  return messages
    .map(({ timestamp }) => timestamp)
    .filter(isGiven)
    .toSorted();
};

// On the wire a timestamp is the distance from the first one. What is no number is at no distance.
const distance = (timestamp: Timestamp, first: Timestamp): number => {
  const ms = Number(timestamp) - Number(first);
  if (Number.isInteger(ms)) return ms;
  if (Number.isNaN(ms)) return 0;
  throw new RangeError(`${ms} is no whole number of milliseconds`);
};

type Bytes = Buffer | string | null;

const sizeOf = (bytes: Bytes): number => (bytes === null ? 0 : Buffer.byteLength(bytes));

const isPlain = (bytes: Bytes): boolean =>
  bytes === null || typeof bytes === 'string' || Buffer.isBuffer(bytes);

/** What is neither string nor Buffer, but has a length in bytes, kafkajs writes as text. */
const asWritten = <B extends Bytes>(bytes: B): B | string => (isPlain(bytes) ? bytes : String(bytes));

/** It announces the length in bytes nevertheless, and if that is another one, the broker reads nonsense. */
const isSound = (bytes: Bytes): boolean => isPlain(bytes) || sizeOf(bytes) === sizeOf(String(bytes));

interface Place {
  readonly baseTimestamp: number;
  readonly timestampDelta: number;
  /** How many records of the batch come before. */
  readonly offsetDelta: number;
}

const toRecord = (message: Message, place: Place): RecordToWrite => {
  const key = message.key ?? null;
  const { value } = message;
  const keyBytes = sizeOf(key);
  const valueBytes = sizeOf(value);
  let payloadBytes = keyBytes + valueBytes;
  let wireBytes = 1 + varIntBytes(place.timestampDelta) + varIntBytes(place.offsetDelta);
  wireBytes += prefixed(keyBytes) + prefixed(valueBytes);
  let isReadable = isSound(key) && isSound(value);
  const pairs = headerPairs(message.headers);
  wireBytes += varIntBytes(pairs.length);
  for (const [name, header] of pairs) {
    // As in kafkajs: a header without a value is a programming error, and Node says so with a TypeError.
    const headerBytes = Buffer.byteLength(header);
    payloadBytes += headerBytes;
    wireBytes += prefixed(Buffer.byteLength(name)) + prefixed(headerBytes);
    isReadable &&= isSound(header);
  }
  return {
    key: asWritten(key),
    value: asWritten(value),
    headers: pairs.length === 0 ? NO_HEADERS : pairs.map(([name, header]) => [name, asWritten(header)]),
    timestamp: place.baseTimestamp + place.timestampDelta,
    baseTimestamp: place.baseTimestamp,
    payloadBytes,
    wireBytes: prefixed(wireBytes),
    isReadable,
  };
};

/**
 * The messages that are written to a partition together, measured and checked; nothing is copied yet. Throws TypeError
 * for keys, values and headers without a length in bytes, SyntaxError or RangeError for a timestamp that is no whole
 * number of milliseconds.
 */
export const toRecords = (messages: readonly Message[], now: number): RecordToWrite[] => {
  const given = sortedTimestamps(messages);
  if (given.length === 0) {
    return messages.map((message, offsetDelta) =>
      toRecord(message, { baseTimestamp: now, timestampDelta: 0, offsetDelta }),
    );
  }
  const [first = now] = given;
  const deltas = messages.map(({ timestamp }) => distance(timestamp || now, first));
  const [baseTimestamp = now] = [first, given.at(-1) ?? now].map((timestamp) => Number(BigInt(timestamp)));
  return messages.map((message, offsetDelta) =>
    toRecord(message, { baseTimestamp, timestampDelta: deltas[offsetDelta] ?? 0, offsetDelta }),
  );
};
