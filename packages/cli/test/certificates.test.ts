import { afterAll, expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@order-pipeline/contracts';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runOrders } from './run-orders.ts';

let folder = '';
afterAll(() => rm(folder, { recursive: true }));

test('certificates are made for every service and for the names that are given', async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'orders-certificates-'));
  const names = [...SERVICE_NAMES, 'kafka', 'postgres'];
  const made = await runOrders([
    'certificates',
    '--out',
    folder,
    '--days',
    '7',
    '--add',
    'kafka',
    'postgres',
  ]);
  expect(made).toEqual({
    code: 0,
    out: `Made an authority and ${names.length} certificates in ${folder}, valid for 7 days\n`,
    err: '',
  });
  for (const name of names) {
    const certificate = new X509Certificate(await readFile(path.join(folder, `${name}.crt`)));
    expect(certificate.checkHost(name)).toBe(name);
  }
  expect(await runOrders(['certificates', '--out', folder])).toMatchObject({
    out: expect.stringMatching(/^Renewed /),
  });
  expect(await runOrders(['certificates', '--days', '0'])).toMatchObject({ code: 2 });
});
