import { decodeOrders, type FiledOrder } from '@order-pipeline/archive';
import type { OrderStatus } from '@order-pipeline/contracts';
import type { Findings } from '../findings.ts';
import type { Model } from '../workload/model.ts';
import { ARCHIVE_DIR, type SimArchive } from '../world/archive.ts';
import type { ReadableServer } from '../world/database/real-database.ts';
import type { DiskView } from '../world/disk.ts';
import type { Time } from '../world/time.ts';
import { EXPECTED, isTerminal } from './lifecycle.ts';

/** An order as the registry has it. */
interface ArchivedRow {
  readonly id: string;
  readonly status: OrderStatus;
  readonly user_id: string;
  /** Null where no file is known, or its orders are said to be in the tables. */
  readonly file: string | null;
  readonly archived_at: Date | null;
}

const ARCHIVED = `
  SELECT archived.id, archived.status::text AS status, archived.user_id, known.file, known.archived_at
  FROM archived_orders AS archived
  LEFT JOIN archive_files AS known ON known.id = archived.file_id AND known.archived_at IS NOT NULL`;

const EXTENSION = /\.parquet$/;

export interface ArchiveCheckParts {
  readonly server: ReadableServer;
  readonly archive: Pick<SimArchive, 'disk'>;
  readonly model: Model;
  readonly time: Pick<Time, 'now'>;
  readonly findings: Findings;
}

/** The checker of the archive; it remembers what it has seen. */
export interface ArchiveChecker {
  /** What holds at every instant. Nothing happens while this reads. */
  check(): Promise<void>;
  /** What holds once all is at rest; answers the orders of all files. */
  checkAtRest(): Promise<readonly FiledOrder[]>;
}

/** Decodes each version of a file once. */
const createDecoder = () => {
  const decoded = new Map<Buffer, readonly FiledOrder[] | undefined>();
  return async (bytes: Buffer): Promise<readonly FiledOrder[] | undefined> => {
    if (!decoded.has(bytes)) decoded.set(bytes, await decodeOrders(bytes).catch(() => undefined));
    return decoded.get(bytes);
  };
};

const pathOf = (file: string): string => `${ARCHIVE_DIR}/${file}`;

const checkFiled = (order: FiledOrder, { id, status, user_id }: ArchivedRow, findings: Findings): void => {
  const ended = isTerminal(status) ? EXPECTED[status].reservation.at(-1) : undefined;
  if (order.status !== status || order.user_id !== user_id || order.reservation.state !== ended)
    findings.add(
      'only closed orders are archived, as they are registered',
      [id],
      `${order.status} of ${order.user_id}, reservation ${order.reservation.state}; registered: ${status} of ${user_id}`,
    );
};

/** Every registered order stands, once, in the file that it is registered in; answers the orders of all files. */
const createFileCheck = (findings: Findings) => {
  const decode = createDecoder();
  return async (rows: readonly ArchivedRow[], disk: DiskView): Promise<FiledOrder[]> => {
    const all: FiledOrder[] = [];
    for (const file of new Set(rows.flatMap((row) => row.file ?? []))) {
      const bytes = disk.read(pathOf(file));
      const filed = (bytes && (await decode(bytes))) ?? [];
      const registered = new Map(rows.filter((row) => row.file === file).map((row) => [row.id, row]));
      for (const order of filed) {
        const row = registered.get(order.id);
        if (row) checkFiled(order, row, findings);
        else findings.add('an archived order is in one file, once', [order.id], `not registered in ${file}`);
        registered.delete(order.id);
      }
      for (const id of registered.keys())
        findings.add('what is removed from the tables is in a file on the disk', [id], file);
      all.push(...filed);
    }
    return all;
  };
};

/** Every order that was ever seen is in the tables or in the registry, never in both. */
const createRowCheck = ({ server, model, time, findings }: ArchiveCheckParts) => {
  const known = new Set<string>();
  return async (rows: readonly ArchivedRow[]): Promise<void> => {
    const stored = new Set(
      (await server.databases.orders.read<{ id: string }>('SELECT id FROM orders')).map(({ id }) => id),
    );
    for (const { id, file } of rows) {
      if (stored.has(id))
        findings.add('an order is in the tables or in the archive, never in both', [id], String(file));
      if (file === null)
        findings.add('an archived order is registered with its file', [id], 'its file is not known');
      model.archive(id, time.now());
    }
    const all = new Set([...stored, ...rows.map(({ id }) => id)]);
    for (const id of known) {
      if (!all.has(id))
        findings.add('an order that was stored is in the tables or in the archive', [id], 'it is in neither');
    }
    for (const id of all) known.add(id);
  };
};

/** What clients were answered of archived orders, against the registry. */
const checkAnswers = (rows: readonly ArchivedRow[], { model, findings }: ArchiveCheckParts): void => {
  const archived = new Map(rows.map((row) => [row.id, row]));
  for (const [id, { archivedAnswers, unlessArchived }] of model.orders) {
    const row = archived.get(id);
    const at = row?.archived_at?.toISOString();
    for (const answer of archivedAnswers) {
      if (answer.file !== row?.file || answer.archivedAt !== at)
        findings.add(
          'a read of an archived order says when it was archived, and where it is',
          [id],
          `${JSON.stringify(answer)}, registered: ${row?.file} at ${at}`,
        );
    }
    for (const { at: moment, promise, detail } of unlessArchived) {
      if (row?.archived_at && row.archived_at.getTime() <= moment) continue;
      findings.add(promise, [id], `${detail}, and not archived then`);
    }
  }
};

export const createArchiveChecker = (parts: ArchiveCheckParts): ArchiveChecker => {
  const { server, archive, findings } = parts;
  const checkRows = createRowCheck(parts);
  const checkFiles = createFileCheck(findings);
  const readRegistry = (): Promise<ArchivedRow[]> =>
    server.databases.orders.read<ArchivedRow & Record<string, unknown>>(ARCHIVED);
  return {
    check: async () => {
      const rows = await readRegistry();
      await checkRows(rows);
      await checkFiles(rows, archive.disk.durable);
    },
    checkAtRest: async () => {
      const rows = await readRegistry();
      await checkRows(rows);
      checkAnswers(rows, parts);
      const files = new Set(rows.flatMap((row) => (row.file === null ? [] : pathOf(row.file))));
      for (const file of archive.disk.now.files().filter((one) => EXTENSION.test(one))) {
        if (!files.has(file))
          findings.add('every file of the archive is registered once all is at rest', [file], 'it is not');
      }
      return checkFiles(rows, archive.disk.now);
    },
  };
};
