import type { RawMessage, ReadDeadLetter } from '@order-pipeline/messaging';
import {
  mapTransientErrors,
  timeOfDay,
  type PageRequest,
  type Reads,
  type Runtime,
  type Turns,
} from '@order-pipeline/service-kit';
import type { CancellableDatabase } from '../store/sql.ts';
import { countOpen, findLetter, listLetters, readContents, type LetterSearch } from './queries.ts';
import {
  storeLetter,
  redriveNext,
  resolveLetters,
  type Published,
  type Resolution,
  type WholeLetter,
} from './resolution.ts';

/**
 * The dead letters in the orders database: one function a need, one transaction each.
 *
 * @param lists the turns of all lists that are read from this database
 * @param reads where that is read which nothing is decided by
 */
export const createLetterStore = (
  database: CancellableDatabase,
  runtime: Runtime,
  lists: Turns,
  reads: Reads,
) => {
  const now = (): string => timeOfDay(runtime);
  return mapTransientErrors({
    keep: async (letter: ReadDeadLetter, raw: RawMessage) =>
      storeLetter(database.models(), letter, raw, now()),
    list: (request: PageRequest, search: LetterSearch, signal?: AbortSignal) =>
      lists.run(() => reads.run((sql) => listLetters(sql, request, search), signal), signal),
    /** The same of those that wait for a decision, to be resolved. */
    listOpen: (request: PageRequest, filter: Omit<LetterSearch, 'status'>) =>
      lists.run(() => listLetters(database, request, { ...filter, status: 'OPEN' })),
    find: async (id: string) => findLetter(database.models(), id),
    readContents: async (id: string) => readContents(database.models(), id),
    countOpen: () => reads.run((sql) => countOpen(sql)),
    resolve: (ids: readonly string[], resolution: Resolution) =>
      resolveLetters(database, ids, resolution, now()),
    redriveNext: (limit: number, publish: (letters: readonly WholeLetter[]) => Promise<Published>) =>
      redriveNext(database, runtime, { limit, at: now }, publish),
  });
};

export type LetterStore = ReturnType<typeof createLetterStore>;
