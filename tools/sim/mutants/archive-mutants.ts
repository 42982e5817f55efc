import type { Mutant } from './mutant.ts';

const FOLDER = 'packages/archive/src/folder.ts';
const REGISTRY = 'packages/archive/src/registry.ts';
const CANDIDATES = 'packages/archive/src/candidates.ts';
const ARCHIVING = 'packages/archive/src/archive-orders.ts';

/** Bugs by which archived orders are lost or doubled. */
export const ARCHIVE_MUTANTS: readonly Mutant[] = [
  {
    name: 'archive: file not synced',
    bug: 'orders are removed while the file that has them is in the cache of the system only',
    edits: [
      { file: FOLDER, find: 'bytes, { flush: true });', replace: 'bytes, {} as { readonly flush: true });' },
    ],
  },
  {
    name: 'archive: folder not synced',
    bug: 'orders are removed while the name of the file that has them is in the cache of the system only',
    edits: [
      {
        file: FOLDER,
        find: '      for (const folder of foldersOf(file)) await syncFolder(disk, folder);\n',
        replace: '      foldersOf(file);\n',
      },
    ],
  },
  {
    name: 'archive: folder made and not synced',
    bug: 'the folder of the archive, which was made for the first file, is gone with it after a loss of power',
    edits: [{ file: FOLDER, find: '      await syncAbove(disk, root);\n', replace: '' }],
  },
  {
    name: 'archive: removed before the file is written',
    bug: 'orders are removed first, and written then',
    edits: [
      {
        file: ARCHIVING,
        find: '  await folder.write(file.file, await encodeOrders(filed), runtime);\n  const written = await verify(archive, file.file, filed);\n',
        replace:
          '  const encoded = await encodeOrders(filed);\n  const written = { sha256: sha256Of(encoded), bytes: encoded.byteLength };\n',
      },
      {
        file: ARCHIVING,
        find: '  await finishFile(archive, file, filed);\n  return true;\n',
        replace:
          '  await folder.write(file.file, await encodeOrders(filed), runtime);\n  await verify(archive, file.file, filed);\n  await finishFile(archive, file, filed);\n  return true;\n',
      },
    ],
  },
  {
    name: 'archive: written again under another name',
    bug: 'the file of a run that died stays where it is, and the next run writes its orders to another one',
    edits: [
      {
        file: ARCHIVING,
        find: '  for (const file of await findUnfinished(archive.orders)) await discard(archive, file);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'archive: order not registered',
    bug: 'one of the orders of a file is removed without a row in the registry',
    edits: [
      {
        file: REGISTRY,
        find: 'short_digest(reservation_id) FROM removed\n',
        replace:
          'short_digest(reservation_id) FROM removed\n    WHERE seq > (SELECT min(seq) FROM removed)\n',
      },
    ],
  },
  {
    name: 'archive: open orders as well',
    bug: 'an order that was shipped is archived before it is delivered',
    edits: [
      { file: CANDIDATES, find: "${oldestOf('DELIVERED')}", replace: "${oldestOf('SHIPPED')}" },
      {
        file: CANDIDATES,
        find: "(orders.status::text = 'DELIVERED' OR",
        replace: "(orders.status::text IN ('SHIPPED', 'DELIVERED') OR",
      },
      {
        file: CANDIDATES,
        find: "order.status === 'DELIVERED'\n",
        replace: "order.status !== 'CANCELLED'\n",
      },
    ],
  },
];
