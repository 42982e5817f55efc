import { decodeOrders, sha256Of, type FiledOrder, type Folder } from '@order-pipeline/archive';
import type { Reader } from '../database.ts';
import type { Findings } from '../report.ts';

/** A file of the archive, as the orders database has it. */
export interface RegisteredFile {
  readonly id: number;
  readonly file: string;
  readonly sha256: string;
  /** Whether its orders are removed; until then it may stand in the folder or not. */
  readonly isArchived: boolean;
  readonly isFinished: boolean;
}

interface Databases {
  readonly orders: Reader;
  readonly inventory: Reader;
}

interface RegisteredOrder {
  readonly id: string;
  /** The user, the status and the order of placement. */
  readonly facts: string;
}

const factsOf = ({ user_id, status, seq }: FiledOrder): string => `${status} ${seq} ${user_id}`;

/** The orders of a file against those that are registered in it. */
const compareOrders = async (
  orders: Reader,
  { id, file }: RegisteredFile,
  filed: readonly FiledOrder[],
  findings: Findings,
): Promise<void> => {
  const rows = await orders.rows<RegisteredOrder>(
    `SELECT id, format('%s %s %s', status, seq, user_id) AS facts FROM archived_orders WHERE file_id = $1`,
    [id],
  );
  const registered = new Map(rows.map((row) => [row.id, row.facts]));
  for (const order of filed) {
    const facts = registered.get(order.id);
    registered.delete(order.id);
    if (facts === undefined)
      findings.add('a file has an order that is not archived in it, or has it twice', {
        id: order.id,
        detail: file,
      });
    else if (facts !== factsOf(order))
      findings.add('an archived order differs from what is registered', { id: order.id, detail: file });
  }
  for (const orderId of registered.keys())
    findings.add('an archived order is not in its file', { id: orderId, detail: file });
};

const unitsOf = (filed: readonly FiledOrder[]): Map<string, number> => {
  const units = new Map<string, number>();
  for (const { reservation } of filed) {
    if (reservation.state !== 'CONSUMED') continue;
    for (const { item_id, quantity } of reservation.lines)
      units.set(item_id, (units.get(item_id) ?? 0) + quantity);
  }
  return units;
};

/** The units that the orders of a file consumed against those that the inventory keeps of it. */
const compareUnits = async (
  inventory: Reader,
  { file }: RegisteredFile,
  filed: readonly FiledOrder[],
  findings: Findings,
): Promise<void> => {
  const rows = await inventory.rows<{ itemId: string; units: number }>(
    'SELECT item_id AS "itemId", consumed_qty::float8 AS units FROM archived_units WHERE file = $1',
    [file],
  );
  const kept = new Map(rows.map(({ itemId, units }) => [itemId, units]));
  const units = unitsOf(filed);
  for (const itemId of new Set([...kept.keys(), ...units.keys()])) {
    if (kept.get(itemId) !== units.get(itemId))
      findings.add('the consumed units that are kept of a file are not those of its orders', {
        id: itemId,
        detail: `${file}: kept ${kept.get(itemId) ?? 0}, in the file ${units.get(itemId) ?? 0}`,
      });
  }
};

const checkFile = async (
  { orders, inventory }: Databases,
  folder: Folder,
  registered: RegisteredFile,
  isRemoved: boolean,
  findings: Findings,
): Promise<void> => {
  const { file, sha256 } = registered;
  const bytes = await folder.read(file);
  if (!bytes) return findings.add('a file of the archive is missing', { id: file });
  if (sha256Of(bytes) !== sha256)
    findings.add('a file of the archive is not as it was written', { id: file });
  const filed = await decodeOrders(bytes).catch(() => undefined);
  if (!filed) return findings.add('a file of the archive cannot be read', { id: file });
  await compareOrders(orders, registered, filed, findings);
  if (isRemoved) await compareUnits(inventory, registered, filed, findings);
};

/** Files that stand in the folder and that nobody has announced. Asked after the folder: each is announced first. */
const findUnknown = async (orders: Reader, files: readonly string[], findings: Findings): Promise<void> => {
  const rows = await orders.rows<{ file: string }>('SELECT file FROM archive_files');
  const known = new Set(rows.map(({ file }) => file));
  for (const file of files.toSorted()) {
    if (!known.has(file)) findings.add('a file in the folder of the archive is not registered', { id: file });
  }
};

/**
 * Reads every file of the archive, one after the other.
 *
 * @param removed the files whose reservations the inventory has removed
 */
export const checkFolder = async (
  databases: Databases,
  folder: Folder,
  files: readonly RegisteredFile[],
  removed: ReadonlySet<string>,
  findings: Findings,
): Promise<void> => {
  for (const file of files) await checkFile(databases, folder, file, removed.has(file.file), findings);
  await findUnknown(databases.orders, await folder.list(), findings);
};
