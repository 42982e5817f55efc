/** What two sorted streams say under one key: one side, or both. */
export interface Pair<A, B> {
  readonly key: string;
  readonly left: A | undefined;
  readonly right: B | undefined;
}

type Pages<T> = AsyncGenerator<readonly T[]>;

/** The rows of pages, one after the other; the next page is fetched when it is needed. */
const createQueue = <T>(pages: Pages<T>) => {
  let page: readonly T[] = [];
  let position = 0;
  let ended = false;
  return {
    /** Whether the next row has to be fetched before it can be looked at. */
    isDry: (): boolean => !ended && position >= page.length,
    fill: async (): Promise<void> => {
      const next = await pages.next();
      ended = next.done === true;
      page = next.done ? [] : next.value;
      position = 0;
    },
    peek: (): T | undefined => page[position],
    take: (): T | undefined => page[position++],
  };
};

/**
 * Joins two streams that are sorted by a key, byte by byte (`COLLATE "C"`), holding no more than a page of each. A
 * key that a stream has more than once comes as often, in pairs one after the other.
 */
export const mergePages = async function* <A, B>(
  left: { readonly pages: Pages<A>; readonly keyOf: (row: A) => string },
  right: { readonly pages: Pages<B>; readonly keyOf: (row: B) => string },
): AsyncGenerator<Pair<A, B>[]> {
  const lefts = createQueue(left.pages);
  const rights = createQueue(right.pages);
  try {
    for (;;) {
      while (lefts.isDry()) await lefts.fill();
      while (rights.isDry()) await rights.fill();
      const pairs: Pair<A, B>[] = [];
      while (!lefts.isDry() && !rights.isDry()) {
        const [a, b] = [lefts.peek(), rights.peek()];
        if (a === undefined && b === undefined) break;
        const [keyA, keyB] = [a && left.keyOf(a), b && right.keyOf(b)];
        const isLeft = keyB === undefined || (keyA !== undefined && keyA <= keyB);
        const isRight = keyA === undefined || (keyB !== undefined && keyB <= keyA);
        pairs.push({
          key: (isLeft ? keyA : keyB) ?? '',
          left: isLeft ? lefts.take() : undefined,
          right: isRight ? rights.take() : undefined,
        });
      }
      if (pairs.length === 0) return;
      yield pairs;
    }
  } finally {
    await Promise.all([left.pages.return(undefined), right.pages.return(undefined)]);
  }
};
