import type { RecordToWrite } from './records.ts';

/** A record as it lies in a segment, handed out with bytes that nobody else holds. */
export interface ReadRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer | Buffer[]>;
  readonly timestamp: number;
}

/** Records packed one after the other: one growing buffer, and a few numbers for each record. */
export interface Segment {
  /** How many records it holds. */
  count(): number;
  /** Bytes reserved. */
  capacity(): number;
  /** Whether `bytes` more fit without making the segment larger than one should be. */
  hasRoomFor(bytes: number): boolean;
  /** Copies a record in. */
  append(record: RecordToWrite): void;
  /** Copies records out, `from` included, `to` excluded. */
  read(from: number, to: number): ReadRecord[];
  timestampAt(index: number): number;
}

interface HeaderIndex {
  readonly names: readonly string[];
  readonly lengths: readonly number[];
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
  for (const [position, name] of index.names.entries()) {
    const end = at + (index.lengths[position] ?? 0);
    const value = bytes.subarray(at, end);
    const earlier = headers[name];
    if (earlier === undefined) headers[name] = value;
    else if (Array.isArray(earlier)) earlier.push(value);
    else headers[name] = [earlier, value];
    at = end;
  }
  return headers;
};

/** An empty segment that holds at least `bytes`. */
export const createSegment = (bytes: number): Segment => {
  let buffer = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, bytes));
  let used = 0;
  const starts: number[] = [];
  const keyLengths: number[] = [];
  const valueLengths: number[] = [];
  const timestamps: number[] = [];
  const headers: (HeaderIndex | undefined)[] = [];

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

  const append = (record: RecordToWrite): void => {
    grow(record.payloadBytes);
    starts.push(used);
    timestamps.push(record.timestamp);
    keyLengths.push(put(record.key));
    valueLengths.push(put(record.value));
    if (record.headers.length === 0) {
      headers.push(undefined);
      return;
    }
    const names = record.headers.map(([name]) => name);
    headers.push({ names, lengths: record.headers.map(([, value]) => put(value)) });
  };

  const readOne = (bytes: Buffer, base: number, index: number): ReadRecord => {
    const start = (starts[index] ?? 0) - base;
    const keyLength = keyLengths[index] ?? -1;
    const valueLength = valueLengths[index] ?? -1;
    const keyEnd = start + Math.max(keyLength, 0);
    const valueEnd = keyEnd + Math.max(valueLength, 0);
    const headerIndex = headers[index];
    return {
      key: keyLength < 0 ? null : bytes.subarray(start, keyEnd),
      value: valueLength < 0 ? null : bytes.subarray(keyEnd, valueEnd),
      headers: headerIndex === undefined ? {} : readHeaders(bytes, valueEnd, headerIndex),
      timestamp: timestamps[index] ?? 0,
    };
  };

  const read = (from: number, to: number): ReadRecord[] => {
    const base = starts[from] ?? 0;
    // One copy for all of them: what a handler does to its buffers stays its own affair.
    const bytes = Buffer.from(buffer.subarray(base, starts[to] ?? used));
    const records: ReadRecord[] = [];
    for (let index = from; index < to; index += 1) records.push(readOne(bytes, base, index));
    return records;
  };

  return {
    count: () => starts.length,
    capacity: () => buffer.length,
    hasRoomFor: (more) => used + more <= Math.max(FULL_BYTES, buffer.length),
    append,
    read,
    timestampAt: (index) => timestamps[index] ?? 0,
  };
};
