import { openFolder } from '@order-pipeline/archive';
import { boundsOf, countIn, within, type Reader } from '../database.ts';
import { checkOf, createFindings, type Check, type Findings, type Violation } from '../report.ts';
import { countOf } from '../words.ts';
import { checkFolder, type RegisteredFile } from './archive-files.ts';
import type { AuditContext } from './context.ts';
import { findStoredTwice } from './repeats.ts';

/** A range as of one moment: an order is removed and registered in one transaction. */
const WRONG_REGISTRY = `
  SELECT 'an order is archived and still in the database', orders.id, 'file ' || archived.file_id
  FROM archived_orders AS archived JOIN orders USING (id) WHERE ${within('archived.id')}
  UNION ALL
  SELECT 'an archived order is in no file that is known', archived.id, 'file ' || archived.file_id
  FROM archived_orders AS archived
  LEFT JOIN archive_files AS known ON known.id = archived.file_id AND known.archived_at IS NOT NULL
  WHERE known.id IS NULL AND ${within('archived.id')}`;

/** A file as of one moment. */
const WRONG_COUNT = `
  SELECT 'a file has not as many orders as were archived to it', file,
    format('archived %s, registered %s', orders, registered.count)
  FROM archive_files, LATERAL (
    SELECT count(*) AS count FROM archived_orders WHERE file_id = archive_files.id
  ) AS registered
  WHERE id = $1::int AND archived_at IS NOT NULL AND orders <> registered.count`;

const checkRegistry = async (
  orders: Reader,
  files: readonly RegisteredFile[],
  exampleCount: number,
): Promise<readonly Violation[]> => {
  const findings = createFindings(exampleCount);
  for await (const range of orders.ranges('archived_orders', 'id'))
    findings.addAll(await orders.violations(WRONG_REGISTRY, boundsOf(range), exampleCount));
  for (const { id } of files) findings.addAll(await orders.violations(WRONG_COUNT, [id], exampleCount));
  findings.addAll(await findStoredTwice(orders, 'archived_orders', 'an archived order', exampleCount));
  return findings.list();
};

const readFiles = (orders: Reader): Promise<RegisteredFile[]> =>
  orders.rows<RegisteredFile>(
    `SELECT id, file, coalesce(sha256, '') AS sha256, archived_at IS NOT NULL AS "isArchived",
       reservations_removed_at IS NOT NULL AS "isFinished"
     FROM archive_files ORDER BY id`,
  );

/** The files whose reservations the inventory has removed. */
const readRemoved = async (inventory: Reader): Promise<Set<string>> =>
  new Set((await inventory.rows<{ file: string }>('SELECT file FROM archive_files')).map(({ file }) => file));

/**
 * The two databases against each other. The inventory follows the orders, and the orders database notes that it did: so
 * what was noted before the inventory was read has happened there, and what has happened there was begun here.
 */
const compare = (
  before: readonly RegisteredFile[],
  removed: ReadonlySet<string>,
  after: readonly RegisteredFile[],
  findings: Findings,
): void => {
  for (const { file, isFinished } of before) {
    if (isFinished && !removed.has(file))
      findings.add('the reservations of a file that is finished were not removed', { id: file });
  }
  const archived = new Set(after.filter(({ isArchived }) => isArchived).map(({ file }) => file));
  for (const file of removed) {
    if (!archived.has(file))
      findings.add('reservations were removed for a file whose orders were not', { id: file });
  }
};

/** Every archived order is in exactly one file, and nowhere else. */
export const checkArchive = async (
  orders: Reader,
  inventory: Reader,
  { archiveDir, archiveDisk, exampleCount }: AuditContext,
): Promise<Check> => {
  const findings = createFindings(exampleCount);
  const before = await readFiles(orders);
  const removed = await readRemoved(inventory);
  const after = await readFiles(orders);
  compare(before, removed, after, findings);
  const registry = await checkRegistry(orders, after, exampleCount);
  const archived = after.filter(({ isArchived }) => isArchived);
  if (archiveDir !== undefined)
    await checkFolder(
      { orders, inventory },
      openFolder(archiveDir, archiveDisk),
      archived,
      removed,
      findings,
    );
  return checkOf('archive', {
    checked: await countIn(orders, 'SELECT count(*)::float8 AS count FROM archived_orders'),
    unit: 'archived orders',
    violations: [...registry, ...findings.list()],
    ...(archiveDir === undefined && archived.length > 0
      ? { notChecked: `${countOf(archived.length, 'file')}: name their folder with --archive` }
      : {}),
  });
};
