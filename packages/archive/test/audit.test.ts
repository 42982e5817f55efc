import { appendFile, copyFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { openFolder } from '@order-pipeline/archive';
import { OLD_IDS, useArchive } from './fixture.ts';

const fixture = useArchive();

const firstFile = async (): Promise<string> => (await openFolder(fixture().dir).list()).toSorted()[0] ?? '';
const pathOf = (file: string): string => path.join(fixture().dir, file);

test('without the folder the files are not checked, and the rest is', async () => {
  await fixture().archive();
  const { checks } = await fixture().audit();
  expect(checks.find(({ name }) => name === 'archive')).toMatchObject({
    checked: OLD_IDS.length,
    violations: [],
    notChecked: expect.stringMatching(/^\d files: name their folder with --archive$/),
  });
});

test('an order that the registry has lost is found by the file that it stands in', async () => {
  await fixture().archive();
  const [row] = await fixture().select<{ file: string }>(
    'orders',
    `SELECT file FROM archived_orders AS archived JOIN archive_files ON archive_files.id = file_id
     WHERE archived.id = 'old-7'`,
  );
  await fixture().run('orders', "DELETE FROM archived_orders WHERE id = 'old-7'");
  expect(await fixture().wrong()).toEqual({
    'archive: a file has an order that is not archived in it, or has it twice': ['old-7'],
    'archive: a file has not as many orders as were archived to it': [row?.file],
  });
});

test('an archived order that is back in the database is found', async () => {
  await fixture().archive();
  await fixture().run('orders', 'ALTER TABLE orders DISABLE TRIGGER "orders_refuse_fenced"');
  await fixture().run(
    'orders',
    `INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
     VALUES ('old-7', 'user11', 'PENDING', '[{"itemId":"item1","quantity":1}]', 'r', now(), now(), now())`,
  );
  expect(await fixture().wrong()).toMatchObject({
    'archive: an order is archived and still in the database': ['old-7'],
  });
});

test('a file that is gone, changed or there twice is found', async () => {
  await fixture().archive();
  const [first = '', second = '', third = ''] = (await openFolder(fixture().dir).list()).toSorted();
  const copy = third.replace('.parquet', '-copy.parquet');
  await rm(pathOf(first));
  await appendFile(pathOf(second), 'x');
  await copyFile(pathOf(third), pathOf(copy));
  expect(await fixture().wrong()).toEqual({
    'archive: a file of the archive is missing': [first],
    'archive: a file of the archive is not as it was written': [second],
    'archive: a file of the archive cannot be read': [second],
    'archive: a file in the folder of the archive is not registered': [copy],
  });
});

test('units that were archived and are not those of the orders are found', async () => {
  await fixture().archive();
  const file = await firstFile();
  await fixture().run(
    'inventory',
    `UPDATE archived_units SET consumed_qty = consumed_qty - 1 WHERE item_id = 'item1' AND file = '${file}'`,
  );
  expect(await fixture().wrong()).toEqual({
    'archive: the consumed units that are kept of a file are not those of its orders': ['item1'],
    'stock: the consumed units of an item are not those of its consumed reservations': ['item1'],
  });
});

test('reservations that one database says are removed and the other does not are found', async () => {
  await fixture().archive();
  const file = await firstFile();
  await fixture().run('inventory', `UPDATE archive_files SET file = 'another' WHERE file = '${file}'`);
  expect(await fixture().wrong()).toEqual({
    'archive: the reservations of a file that is finished were not removed': [file],
    'archive: reservations were removed for a file whose orders were not': ['another'],
  });
});
