import { MINUTE_MS } from './durations.ts';

/** A part of an index that is in the order of a number, such as a time in milliseconds: behind `after` and up to `until`. */
export interface IndexPart {
  readonly after: number;
  readonly until: number;
  /** Whether it ends where new entries come. */
  readonly isNewest: boolean;
}

/** What a statement has read of a part. */
export interface PartRead<T> {
  readonly found: readonly T[];
  /** How many entries of the index it has passed, those of dead rows included. */
  readonly passed: number;
  /** Whether it ended at the number of rows that it was asked for, so that the part is to be read again. */
  readonly isCut?: boolean;
}

type Read<T> = (part: IndexPart) => Promise<PartRead<T>>;

/**
 * A look at all of an index that is made again and again. While somebody holds an old snapshot, the entries of dead rows stay
 * in an index, and a look from its oldest end passes every one. So once it passes many, it reads what is new since the look
 * before, and behind that as much as a look may pass, from the newest down, until it has been through and begins again: what
 * was put there later than its number says is found by that.
 */
export interface BoundedLook {
  /** Up to where everything was read; -Infinity while a look reads all. */
  front(): number;
  /**
   * Looks.
   *
   * @param until the newest number that belongs to the look
   * @param read may be called for several parts, one after the other
   * @returns all that was found
   * @throws what `read` throws of what is new; an older part that cannot be read is divided, and read by the next look
   */
  run<T>(until: number, read: Read<T>): Promise<readonly T[]>;
}

/** How many entries a look may pass before it is divided, and then behind what is new. */
export const MAX_PASSED = 50_000;
/** A part that has more entries is divided; two that have fewer together are read as one. */
const MAX_IN_PART = MAX_PASSED / 4;

/** A part that was read by an earlier look, or that a look has to read. */
export interface Segment {
  readonly after: number;
  readonly until: number;
  /** How many entries it had. Missing where that is not known; Infinity where it is known to be too many. */
  readonly passed?: number | undefined;
}

/** The segments of an index, the newest first, without gaps and down to its oldest end, which are read again and again. */
export interface Segments {
  /** Up to where they reach. */
  front(): number;
  /** Where the clock was set back, what is dated between comes of age again. */
  cutOff(until: number): void;
  /** Adds what is new and was read. */
  add(segment: Segment): void;
  /** The next one to be read; nothing where all have been. */
  next(): Segment | undefined;
  /** @param passed how many entries it has */
  wasRead(segment: Segment, passed: number): void;
  /** The next one could not be read: it is divided. */
  failed(segment: Segment): void;
  beginAnew(): void;
  /** How many entries there are, as far as that is known. */
  entries(): number;
}

/**
 * Segments that have not more entries than a look reads in one go, once they were read some times: the entries of one hardly
 * become more, since new ones come at the newest end.
 *
 * @param first all that there is now
 * @param oldest below it there is so little that it is read at once
 * @param firstWidth of a segment, where nothing is known of how many entries there are
 */
const createSegments = (first: Segment, oldest: number, firstWidth: number): Segments => {
  let all: Segment[] = [first];
  /** Of the next one that is to be read. */
  let position = 0;
  const front = (): number => all[0]?.until ?? -Infinity;

  /** @returns the two parts of a segment; nothing where it cannot be divided */
  const halvesOf = ({ after, until }: Segment): [Segment, Segment] | undefined => {
    const isOpen = after === -Infinity;
    const middle = Math.floor((Math.max(after, oldest) + until) / 2);
    // Down to where nothing is known, each is as wide as all newer ones.
    const at = isOpen ? Math.max(middle, until - Math.max(firstWidth, front() - until)) : middle;
    if (isOpen ? at - oldest < firstWidth : at <= after) return undefined;
    return [
      { after: at, until },
      { after, until: at, ...(isOpen ? { passed: Infinity } : {}) },
    ];
  };
  const divide = (segment: Segment): void => {
    all.splice(position, 1, ...(halvesOf(segment) ?? [segment]));
  };
  return {
    front,
    cutOff: (until: number): void => {
      if (until >= front()) return;
      all = all.flatMap((segment) =>
        segment.after >= until ? [] : [{ ...segment, until: Math.min(segment.until, until) }],
      );
      position = 0;
    },
    add: (segment: Segment): void => {
      all.unshift(segment);
      position += 1;
    },
    /** The next one to be read; nothing where all have been. */
    next: (): Segment | undefined => {
      const segment = all[position];
      if (segment && (segment.passed ?? 0) > MAX_IN_PART) divide(segment);
      return all[position];
    },
    wasRead: (segment: Segment, passed: number): void => {
      all[position] = { ...segment, passed };
      const newer = all[position - 1];
      const together = passed + (newer?.passed ?? Infinity);
      if (newer && together < MAX_IN_PART / 2)
        all.splice(position - 1, 2, { after: segment.after, until: newer.until, passed: together });
      else position += 1;
    },
    failed: divide,
    beginAnew: (): void => {
      position = 0;
    },
    /** How many entries there are, as far as that is known. */
    entries: (): number => all.reduce((sum, { passed }) => sum + (passed ?? 0), 0),
  };
};

/** Reads on behind what is new. */
const readSegments = async <T>(segments: Segments, read: Read<T>): Promise<T[]> => {
  const found: T[] = [];
  for (let left = MAX_PASSED; left > 0;) {
    const segment = segments.next();
    if (!segment) break;
    const { after, until } = segment;
    let part: PartRead<T>;
    try {
      part = await read({ after, until, isNewest: false });
    } catch {
      segments.failed(segment);
      break;
    }
    found.push(...part.found);
    if (part.isCut) break;
    segments.wasRead(segment, part.passed);
    left -= part.passed;
  }
  return found;
};

/**
 * @param oldest below it there is so little that it is read at once
 * @param firstWidth of a part, where nothing is known of how many entries there are
 */
export const createBoundedLook = (oldest: number, firstWidth: number): BoundedLook => {
  /** Missing while a look reads all: as long as that passes few entries. */
  let segments: Segments | undefined;
  const divideAll = (until: number, passed: number): void => {
    segments = createSegments({ after: -Infinity, until, passed }, oldest, firstWidth);
  };
  const readAll = async <T>(until: number, read: Read<T>): Promise<readonly T[]> => {
    try {
      const { found, passed } = await read({ after: -Infinity, until, isNewest: true });
      if (passed > MAX_PASSED) divideAll(until, passed);
      return found;
    } catch (error) {
      divideAll(until, Infinity);
      throw error;
    }
  };
  const readNewest = async <T>(of: Segments, until: number, read: Read<T>): Promise<readonly T[]> => {
    of.cutOff(until);
    const after = of.front();
    try {
      const { found, passed, isCut } = await read({ after, until, isNewest: true });
      if (!isCut && until > after) of.add({ after, until, passed });
      return found;
    } catch (error) {
      of.add({ after, until, passed: Infinity });
      of.beginAnew();
      throw error;
    }
  };
  return {
    front: () => segments?.front() ?? -Infinity,
    run: async (until, read) => {
      if (!segments) return readAll(until, read);
      const newest = await readNewest(segments, until, read);
      const older = await readSegments(segments, read);
      if (!segments.next()) {
        segments.beginAnew();
        if (segments.entries() <= MAX_PASSED / 2) segments = undefined;
      }
      return [...newest, ...older];
    },
  };
};

/** Before it, nothing was stored but by a clock that was wrong. */
const FIRST_TIME_MS = Date.UTC(2020, 0, 1);

/**
 * Segments of an index that is in the order of times, in milliseconds since the epoch.
 *
 * @param until all that there is now is up to it
 */
export const createSegmentsByTime = (until: number): Segments =>
  createSegments({ after: -Infinity, until }, FIRST_TIME_MS, MINUTE_MS);

/** A look at an index that is in the order of times, in milliseconds since the epoch. */
export const createLookByTime = (): BoundedLook => createBoundedLook(FIRST_TIME_MS, MINUTE_MS);

/** An end of a part of times, as a literal of PostgreSQL. */
export const timeLiteral = (ms: number): string =>
  ms === -Infinity ? '-infinity' : new Date(ms).toISOString();
