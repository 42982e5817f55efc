/** What stands under the id of an entry after it was inserted, or was not because the id was taken. */
export interface Inserted<T> {
  readonly stored: T;
  /** Whether this very entry put it there. */
  readonly isNew: boolean;
}

/**
 * Inserts a batch of entries, each under its id where that is free, and answers what stands there now, in the same
 * order. Of two entries with one id in a batch the first one counts.
 *
 * @param options.insert inserts those whose ids are free, in the order given, and answers the ones it inserted
 * @param options.read reads what stands under ids; in a statement of its own, since the one that inserts does not see
 * what others committed while it waited for them
 */
export const insertOnce = async <T>(
  entries: readonly T[],
  options: {
    readonly idOf: (entry: T) => string;
    readonly insert: (entries: readonly T[]) => Promise<readonly T[]>;
    readonly read: (ids: readonly string[]) => Promise<readonly T[]>;
  },
): Promise<Inserted<T>[]> => {
  const { idOf } = options;
  const firstById = new Map<string, T>();
  for (const entry of entries) if (!firstById.has(idOf(entry))) firstById.set(idOf(entry), entry);
  // In the order of the ids, so that two batches with the same ids wait for one another and never in a circle.
  const sorted = [...firstById.values()].toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const inserted = await options.insert(sorted);
  const standing = new Map(inserted.map((entry) => [idOf(entry), entry]));
  const takenIds = [...firstById.keys()].filter((id) => !standing.has(id));
  const before = takenIds.length > 0 ? await options.read(takenIds) : [];
  for (const entry of before) standing.set(idOf(entry), entry);
  const unclaimed = new Set(inserted.map(idOf));
  return entries.map((entry) => ({
    stored: standing.get(idOf(entry)) as T,
    isNew: unclaimed.delete(idOf(entry)),
  }));
};
