import type { Cancel, Clock } from '../clock.ts';
import { offsetOutOfRange, typeOf } from '../errors.ts';
import type { PartitionLog, ReadResult } from './partition-log.ts';

/** Lets the client call its fetch home before anything has arrived. */
export interface Interrupter {
  /** Changes at every interruption. */
  version(): number;
  fire(): void;
  listen(fn: () => void): Cancel;
}

export const createInterrupter = (): Interrupter => {
  let version = 0;
  const listeners = new Set<() => void>();
  return {
    version: () => version,
    fire: () => {
      version += 1;
      for (const listener of listeners) listener();
    },
    listen: (fn) => {
      listeners.add(fn);
      return () => void listeners.delete(fn);
    },
  };
};

/** Waits `ms` milliseconds, or until interrupted after `version`. */
export const interruptibleSleep = (
  clock: Clock,
  ms: number,
  interrupter: Interrupter,
  version: number,
): Promise<void> =>
  new Promise((resolve) => {
    if (interrupter.version() !== version) return resolve();
    const wake = (): void => {
      cancelTimer();
      cancelListener();
      resolve();
    };
    const cancelTimer = clock.after(ms, wake);
    const cancelListener = interrupter.listen(wake);
  });

export interface PartitionToFetch {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface FetchLimits {
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  readonly minBytes: number;
  readonly maxWaitMs: number;
  readonly committedOnly: boolean;
  /** With what aborted transactions wrote, for readers that leave it out by themselves. */
  readonly withAborted?: boolean;
}

export interface FetchRequest extends FetchLimits {
  readonly partitions: readonly PartitionToFetch[];
  readonly interrupter: Interrupter;
  /** The interrupter's version when the request was made up; an interruption since then ends the wait at once. */
  readonly version: number;
}

export interface FetchedPartition extends PartitionToFetch, ReadResult {}

type FindLog = (topic: string, partition: number) => PartitionLog;

const readOne = (find: FindLog, wanted: PartitionToFetch, request: FetchRequest, maxBytes: number) => {
  try {
    return find(wanted.topic, wanted.partition).read(wanted.offset, {
      maxBytes,
      committedOnly: request.committedOnly,
      withAborted: request.withAborted === true,
    });
  } catch (error) {
    throw typeOf(error) === 'OFFSET_OUT_OF_RANGE' ? offsetOutOfRange(wanted.topic, wanted.partition) : error;
  }
};

/** What is there now, for those partitions that have anything; only the first of them may go beyond the limits. */
const readAll = (find: FindLog, request: FetchRequest): FetchedPartition[] => {
  const found: FetchedPartition[] = [];
  let left = request.maxBytes;
  for (const wanted of request.partitions) {
    // Most of many partitions have nothing new.
    if (find(wanted.topic, wanted.partition).high() === wanted.offset) continue;
    const limit = Math.min(left, request.maxBytesPerPartition);
    const result = readOne(find, wanted, request, limit);
    if (result.slices.length === 0) continue;
    if (found.length > 0 && result.wireBytes > limit) continue;
    left -= result.wireBytes;
    found.push({ ...wanted, ...result });
  }
  return found;
};

const bytesOf = (found: readonly FetchedPartition[]): number =>
  found.reduce((sum, partition) => sum + partition.wireBytes, 0);

/** Watches all partitions at once; the answer takes it away again. */
const watchAll = (find: FindLog, request: FetchRequest, fn: () => void): Cancel => {
  const cancels = request.partitions.map(({ topic, partition }) => find(topic, partition).watch(fn));
  return () => {
    for (const cancel of cancels) cancel();
  };
};

export interface FetchSurroundings {
  readonly clock: Clock;
  readonly find: FindLog;
  /** Rings when the broker goes away. */
  readonly bell: Interrupter;
}

/** Waits for `minBytes`, the end of `maxWaitMs`, an interruption, or the end of the broker. */
const waitForData = (
  { clock, find, bell }: FetchSurroundings,
  request: FetchRequest,
  isEnough: (found: readonly FetchedPartition[]) => boolean,
): Promise<FetchedPartition[]> =>
  new Promise((resolve, reject) => {
    let isDone = false;
    let isReading = false;
    const finish = (read: () => FetchedPartition[] | undefined): void => {
      if (isDone) return;
      try {
        const found = read();
        if (found === undefined) return;
        resolve(found);
      } catch (error) {
        reject(error);
      }
      isDone = true;
      for (const cancel of cancels) cancel();
    };
    const readNow = (): void => finish(() => readAll(find, request));
    const readIfEnough = (): void => {
      isReading = false;
      finish(() => {
        const found = readAll(find, request);
        return isEnough(found) ? found : undefined;
      });
    };
    const readSoon = (): void => {
      if (isReading) return;
      isReading = true;
      // What is sent within one turn is fetched together.
      clock.soon(readIfEnough);
    };
    const cancels = [
      clock.after(request.maxWaitMs, readNow),
      request.interrupter.listen(readNow),
      bell.listen(readNow),
      watchAll(find, request, readSoon),
    ];
  });

/**
 * Answers as soon as `minBytes` have arrived, `maxWaitMs` are over, or the client interrupts. Throws KafkaJSOffsetOutOfRange
 * and UNKNOWN_TOPIC_OR_PARTITION.
 */
export const fetchFrom = (
  surroundings: FetchSurroundings,
  request: FetchRequest,
): FetchedPartition[] | Promise<FetchedPartition[]> => {
  const isEnough = (found: readonly FetchedPartition[]) =>
    found.length > 0 && (request.minBytes <= 1 || bytesOf(found) >= request.minBytes);
  const first = readAll(surroundings.find, request);
  if (isEnough(first) || request.interrupter.version() !== request.version) return first;
  return waitForData(surroundings, request, isEnough);
};
