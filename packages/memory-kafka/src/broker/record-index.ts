export interface HeaderIndex {
  readonly names: readonly string[];
  readonly lengths: readonly number[];
}

/** Where a record lies in its segment. */
export interface RecordPlace {
  readonly start: number;
  /** -1 stands for null. */
  readonly keyLength: number;
  /** -1 stands for null. */
  readonly valueLength: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly headers: HeaderIndex | undefined;
}

/** The places of the records in a segment, in a few bytes each. */
export interface RecordIndex {
  count(): number;
  add(place: RecordPlace): void;
  at(index: number): RecordPlace;
  start(index: number): number;
  timestamp(index: number): number;
}

interface Columns {
  readonly starts: Uint32Array;
  readonly keyLengths: Int32Array;
  readonly valueLengths: Int32Array;
  readonly timestamps: Float64Array;
}

const FIRST_COUNT = 16;

const createColumns = (count: number): Columns => ({
  starts: new Uint32Array(count),
  keyLengths: new Int32Array(count),
  valueLengths: new Int32Array(count),
  timestamps: new Float64Array(count),
});

const doubled = (columns: Columns): Columns => {
  const larger = createColumns(columns.starts.length * 2);
  larger.starts.set(columns.starts);
  larger.keyLengths.set(columns.keyLengths);
  larger.valueLengths.set(columns.valueLengths);
  larger.timestamps.set(columns.timestamps);
  return larger;
};

/** An index of no records. */
export const createRecordIndex = (): RecordIndex => {
  let columns = createColumns(FIRST_COUNT);
  let count = 0;
  // Most records have none.
  const headers = new Map<number, HeaderIndex>();
  return {
    count: () => count,
    add: (place) => {
      if (count === columns.starts.length) columns = doubled(columns);
      columns.starts[count] = place.start;
      columns.keyLengths[count] = place.keyLength;
      columns.valueLengths[count] = place.valueLength;
      columns.timestamps[count] = place.timestamp;
      if (place.headers !== undefined) headers.set(count, place.headers);
      count += 1;
    },
    at: (index) => ({
      start: columns.starts[index] ?? 0,
      keyLength: columns.keyLengths[index] ?? -1,
      valueLength: columns.valueLengths[index] ?? -1,
      timestamp: columns.timestamps[index] ?? 0,
      headers: headers.get(index),
    }),
    start: (index) => columns.starts[index] ?? 0,
    timestamp: (index) => columns.timestamps[index] ?? 0,
  };
};
