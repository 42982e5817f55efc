import { connectionConfig, openPool, type Runtime } from '@order-pipeline/service-kit';
import type pg from 'pg';
import { ArchiveError } from './archive-error.ts';
import { findCandidates, readOrders, type Candidate } from './candidates.ts';
import { decodeOrders, encodeOrders, textOf, type FiledOrder } from './filed-order.ts';
import type { FileSystem } from './file-system.ts';
import { newFile, openFolder, sha256Of, type Folder } from './folder.ts';
import { takeLock } from './lock.ts';
import {
  announce,
  findUnfinished,
  findWithReservations,
  recordReservationsRemoved,
  removeOrders,
  takeBack,
  type AnnouncedFile,
} from './registry.ts';
import { removeReservations } from './reservations.ts';
import { recordRun } from './runs.ts';

/** What is archived, and where it goes. */
export interface ArchiveTask {
  /** The folder of the archive. */
  readonly dir: string;
  /** How many days ago orders have to be closed; may be a fraction. */
  readonly retainDays: number;
  /** How many orders stand in a file at most; so many are removed by one transaction. Default 20,000. */
  readonly ordersPerFile?: number;
  /** Gives the files their names; its failpoints are where a crash would hurt. */
  readonly runtime: Pick<Runtime, 'uuid' | 'failpoint'>;
  /** Called with a sentence about what is done. */
  readonly progress?: (line: string) => void;
}

export interface ArchiveOptions extends ArchiveTask {
  /** The URLs of the databases. */
  readonly databases: { readonly orders: string; readonly inventory: string };
}

/** What an archive stands on. */
export interface ArchivePorts {
  /** Two connections of it are used at once: one has the lock. */
  readonly orders: pg.Pool;
  readonly inventory: pg.Pool;
  /** By default that of this machine. */
  readonly disk?: FileSystem;
  /** The time in milliseconds since the epoch, for a simulation; by default the clock of the orders database. */
  readonly clock?: () => number;
}

/** What was archived. */
export interface ArchiveReport {
  /** ISO 8601: orders that were closed before it were to be archived. */
  readonly closedBefore: string;
  readonly files: number;
  readonly orders: number;
  /** Orders of that age that stay for now: something waits for them, or they changed meanwhile. */
  readonly left: number;
  /** Files that an earlier run had not finished. */
  readonly finished: number;
}

const DEFAULT_ORDERS_PER_FILE = 20_000;
const CONNECT_TIMEOUT_MS = 10_000;
/**
 * Every statement looks for some rows by an index; statistics of the outbox, which say that it is empty, must not matter. The
 * limits of the services, which the role may have, are not for pages of thousands.
 */
const SESSION = ['enable_seqscan=off', 'jit=off', 'statement_timeout=0', 'lock_timeout=0'];
/** One for the lock, one for the work. */
const POOL_SIZE = 2;

interface Archive extends Pick<ArchivePorts, 'orders' | 'inventory'> {
  readonly folder: Folder;
  readonly runtime: ArchiveTask['runtime'];
  /** ISO 8601; null where the database's clock says it. */
  readonly now: () => string | null;
}

/** The orders of a file whose orders are removed from the database: they stand nowhere else. */
const readFiled = async ({ folder }: Archive, { file }: AnnouncedFile): Promise<FiledOrder[]> => {
  const bytes = await folder.read(file);
  if (bytes) return decodeOrders(bytes);
  throw new ArchiveError(
    `${file} is not in the folder: name the one that it was written to, to finish what was begun`,
  );
};

const finishFile = async (
  archive: Archive,
  file: AnnouncedFile,
  filed: readonly FiledOrder[],
): Promise<void> => {
  await removeReservations(archive.inventory, file, filed);
  await archive.runtime.failpoint('archive.afterReservationsBeforeRecord');
  await recordReservationsRemoved(archive.orders, file);
};

/** Takes a file back of which nothing was removed; what stands in the folder under its name goes as well. */
const discard = async ({ orders, folder, runtime }: Archive, { id, file }: AnnouncedFile): Promise<void> => {
  if (!(await takeBack(orders, id))) return;
  await runtime.failpoint('archive.afterTakeBackBeforeRemove');
  await folder.remove(file);
};

/** Ends what an earlier run had begun when it was stopped: what it had not removed is taken back, the rest finished. */
const finishEarlier = async (archive: Archive): Promise<number> => {
  for (const file of await findUnfinished(archive.orders)) await discard(archive, file);
  const begun = await findWithReservations(archive.orders);
  for (const file of begun) await finishFile(archive, file, await readFiled(archive, file));
  return begun.length;
};

/** What is to be removed has to be readable first. */
const verify = async (
  { folder }: Archive,
  file: string,
  filed: readonly FiledOrder[],
): Promise<{ readonly sha256: string; readonly bytes: number }> => {
  const bytes = await folder.read(file);
  if (!bytes || textOf(await decodeOrders(bytes)) !== textOf(filed))
    throw new ArchiveError(`${file} does not read as it was written; nothing of it was removed`);
  return { sha256: sha256Of(bytes), bytes: bytes.byteLength };
};

/** @returns whether the orders are in the file now, and nowhere else */
const archiveFile = async (
  archive: Archive,
  file: AnnouncedFile,
  filed: readonly FiledOrder[],
): Promise<boolean> => {
  const { orders, folder, runtime } = archive;
  await runtime.failpoint('archive.afterAnnounceBeforeWrite');
  await folder.write(file.file, await encodeOrders(filed), runtime);
  const written = await verify(archive, file.file, filed);
  await runtime.failpoint('archive.afterRenameBeforeRemove');
  if (!(await removeOrders(orders, file, filed, { ...written, at: archive.now() }))) {
    await discard(archive, file);
    return false;
  }
  await runtime.failpoint('archive.afterRemoveBeforeReservations');
  await finishFile(archive, file, filed);
  return true;
};

const byMonth = (candidates: readonly Candidate[]): Map<string, string[]> => {
  const months = new Map<string, string[]>();
  for (const { month, id } of candidates) {
    const ids = months.get(month);
    if (ids) ids.push(id);
    else months.set(month, [id]);
  }
  return months;
};

interface Round {
  /** As PostgreSQL writes it. */
  readonly closedBefore: string;
  readonly today: string;
}

const readRound = async ({ orders, now }: Archive, retainDays: number): Promise<Round> => {
  const { rows } = await orders.query<Round>(
    `SELECT (at - $1::float8 * interval '1 day')::timestamptz(3)::text AS "closedBefore", to_char(at, 'YYYY-MM-DD') AS today
     FROM (SELECT date_trunc('milliseconds', coalesce($2::timestamptz, clock_timestamp())) AS at) AS now`,
    [retainDays, now()],
  );
  return rows[0] ?? { closedBefore: '-infinity', today: '' };
};

/** Archives page by page, in the order of placement, until a whole page is too young. */
const archiveAll = async (
  archive: Archive,
  { closedBefore, today }: Round,
  { ordersPerFile = DEFAULT_ORDERS_PER_FILE, progress }: ArchiveTask,
) => {
  const { orders, inventory, runtime } = archive;
  const sum = { files: 0, orders: 0, left: 0 };
  let after = '-1';
  for (;;) {
    const page = await findCandidates(orders, after, closedBefore, ordersPerFile);
    if (!page.some(({ isOld }) => isOld)) return sum;
    after = page.at(-1)?.seq ?? after;
    const due = page.filter(({ isClosed, isSettled }) => isClosed && isSettled);
    sum.left += page.filter(({ isClosed, isSettled }) => isClosed && !isSettled).length;
    for (const [month, ids] of byMonth(due)) {
      const filed = await readOrders(orders, inventory, ids);
      sum.left += ids.length - filed.length;
      if (filed.length === 0) continue;
      const file = await announce(orders, newFile(month, today, runtime.uuid()), closedBefore);
      const isArchived = await archiveFile(archive, file, filed);
      if (!isArchived) {
        sum.left += filed.length;
        continue;
      }
      sum.files += 1;
      sum.orders += filed.length;
      progress?.(`${filed.length} orders are in ${file.file}`);
    }
  }
};

const openDatabase = (url: string): pg.Pool =>
  openPool(
    {
      ...connectionConfig({ url, applicationName: 'archive', settings: SESSION }),
      max: POOL_SIZE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    },
    // It fails the next statement.
    () => undefined,
  );

/**
 * Moves closed orders that are older than `retainDays` into Parquet files, with their histories and reservations, and removes
 * them from the databases. It may be ended at any moment, also by a crash, and loses and doubles nothing: an order is in the
 * database until a file that has it is on the disk, and the transaction that removes it registers the file. What was begun is
 * finished by the next run. Runs beside a system at work.
 *
 * @throws ArchiveError when another one runs, or a file cannot be trusted; Error when a database or the folder fails
 */
export const runArchive = async (
  { orders, inventory, disk, clock }: ArchivePorts,
  task: ArchiveTask,
): Promise<ArchiveReport> => {
  const { dir, retainDays, runtime } = task;
  const now = () => (clock ? new Date(clock()).toISOString() : null);
  const archive: Archive = { orders, inventory, folder: openFolder(dir, disk), runtime, now };
  const lock = await takeLock(orders);
  try {
    return await recordRun(orders, async () => {
      const finished = await finishEarlier(archive);
      const round = await readRound(archive, retainDays);
      const sum = await archiveAll(archive, round, task);
      return { closedBefore: new Date(round.closedBefore).toISOString(), ...sum, finished };
    });
  } finally {
    await lock.release();
  }
};

/** `runArchive` on databases that are named by their URLs, and the disk of this machine. */
export const archiveOrders = async ({ databases, ...task }: ArchiveOptions): Promise<ArchiveReport> => {
  const orders = openDatabase(databases.orders);
  const inventory = openDatabase(databases.inventory);
  try {
    return await runArchive({ orders, inventory }, task);
  } finally {
    await Promise.all([orders.end(), inventory.end()]);
  }
};
