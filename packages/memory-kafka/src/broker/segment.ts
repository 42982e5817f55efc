import { createRecordIndex, type HeaderIndex, type RecordPlace } from './record-index.ts';
import type { RecordToWrite } from './records.ts';

/** A record as it lies in a segment, handed out with bytes that nobody else holds. */
export interface ReadRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer | Buffer[]>;
  readonly timestamp: number;
}

/** What is kept of a record. */
type RecordContent = Pick<RecordToWrite, 'key' | 'value' | 'headers' | 'timestamp' | 'payloadBytes'>;

/** Records packed one after the other: one growing buffer, and a few numbers for each record. */
export interface Segment {
  /** How many records it holds. */
  count(): number;
  /** Bytes reserved. */
  capacity(): number;
  /** Whether `bytes` more fit without making the segment larger than one should be. */
  hasRoomFor(bytes: number): boolean;
  /** Copies a record in. */
  append(record: RecordContent): void;
  /** Puts in a record of nothing but a time, in milliseconds since the epoch. */
  mark(timestamp: number): void;
  /** Copies records out, `from` included, `to` excluded. */
  read(from: number, to: number): ReadRecord[];
  timestampAt(index: number): number;
}

const FIRST_BYTES = 1024;
const FULL_BYTES = 256 * 1024;

const write = (target: Buffer, at: number, data: Buffer | string | null): number => {
  if (data === null) return 0;
  if (typeof data === 'string') return target.write(data, at, 'utf8');
  target.set(data, at);
  return data.length;
};

const readHeaders = (bytes: Buffer, start: number, index: HeaderIndex): ReadRecord['headers'] => {
  const headers: ReadRecord['headers'] = {};
  let at = start;
  index.names.forEach((name, position) => {
    const end = at + (index.lengths[position] ?? 0);
    const value = bytes.subarray(at, end);
    const earlier = headers[name];
    if (earlier === undefined) headers[name] = value;
    else if (Array.isArray(earlier)) earlier.push(value);
    else headers[name] = [earlier, value];
    at = end;
  });
  return headers;
};

const readOne = (copy: Buffer, base: number, place: RecordPlace): ReadRecord => {
  const { keyLength, valueLength, timestamp, headers } = place;
  const start = place.start - base;
  const keyEnd = start + Math.max(keyLength, 0);
  const valueEnd = keyEnd + Math.max(valueLength, 0);
  return {
    key: keyLength < 0 ? null : copy.subarray(start, keyEnd),
    value: valueLength < 0 ? null : copy.subarray(keyEnd, valueEnd),
    headers: headers === undefined ? {} : readHeaders(copy, valueEnd, headers),
    timestamp,
  };
};

/** An empty segment that holds at least `bytes`. */
export const createSegment = (bytes: number): Segment => {
  let buffer = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, bytes));
  let used = 0;
  const index = createRecordIndex();

  const grow = (needed: number): void => {
    if (used + needed <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, used + needed));
    buffer.copy(larger, 0, 0, used);
    buffer = larger;
  };

  const put = (data: Buffer | string | null): number => {
    const written = write(buffer, used, data);
    used += written;
    return data === null ? -1 : written;
  };

  const putHeaders = (headers: RecordToWrite['headers']): HeaderIndex | undefined => {
    if (headers.length === 0) return undefined;
    return { names: headers.map(([name]) => name), lengths: headers.map(([, value]) => put(value)) };
  };

  return {
    count: index.count,
    capacity: () => buffer.length,
    hasRoomFor: (more) => used + more <= Math.max(FULL_BYTES, buffer.length),
    append: ({ key, value, headers, timestamp, payloadBytes }) => {
      grow(payloadBytes);
      const start = used;
      const keyLength = put(key);
      const valueLength = put(value);
      index.add({ start, keyLength, valueLength, timestamp, headers: putHeaders(headers) });
    },
    mark: (timestamp) =>
      index.add({ start: used, keyLength: -1, valueLength: -1, timestamp, headers: undefined }),
    read: (from, to) => {
      if (from >= to) return [];
      const base = index.start(from);
      // One copy for all of them: what a handler does to its buffers stays its own affair.
      const copy = Buffer.from(buffer.subarray(base, to < index.count() ? index.start(to) : used));
      const records: ReadRecord[] = [];
      for (let at = from; at < to; at += 1) records.push(readOne(copy, base, index.at(at)));
      return records;
    },
    timestampAt: index.timestamp,
  };
};
