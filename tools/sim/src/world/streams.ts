import { createHash } from 'node:crypto';
import { createSeededRandom } from '@order-pipeline/memory-kafka';

/** A row of chances of its own: what is drawn here shifts nothing elsewhere. */
export interface Stream {
  /** From 0 (included) to 1 (excluded). */
  next(): number;
  chance(share: number): boolean;
  /** From `min` (included) to `max` (excluded). */
  between(min: number, max: number): number;
  /** From `min` to `max`, both included. */
  integer(min: number, max: number): number;
  /** One of the items, of which there is at least one. */
  pick<T>(items: readonly T[]): T;
  hex(bytes: number): string;
  uuid(): string;
}

/** Answers the stream of a name; the same one for the same name. */
export type Streams = (name: string) => Stream;

const seedOf = (seed: number, name: string): number =>
  createHash('sha256').update(`${seed}/${name}`).digest().readUInt32LE();

const createStream = (random: () => number): Stream => {
  const integer = (min: number, max: number): number => min + Math.floor(random() * (max - min + 1));
  const hex = (bytes: number): string =>
    Array.from({ length: bytes }, () => integer(0, 255).toString(16).padStart(2, '0')).join('');
  return {
    next: random,
    chance: (share) => random() < share,
    between: (min, max) => min + random() * (max - min),
    integer,
    pick: (items) => {
      const index = integer(0, items.length - 1);
      if (!(index in items)) throw new RangeError('there is nothing to pick from');
      return items[index] as (typeof items)[number];
    },
    hex,
    uuid: () => [4, 2, 2, 2, 6].map(hex).join('-'),
  };
};

/** All the chance of a simulation, from one seed. */
export const createStreams = (seed: number): Streams => {
  const streams = new Map<string, Stream>();
  return (name) => {
    const known = streams.get(name);
    if (known) return known;
    const stream = createStream(createSeededRandom(seedOf(seed, name)));
    streams.set(name, stream);
    return stream;
  };
};
