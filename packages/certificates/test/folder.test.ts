import { afterAll, expect, test } from '@jest/globals';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fillFolder } from '../src/index.ts';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 0, 1);
const folders: string[] = [];

const createFolder = async (): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'certificates-'));
  folders.push(folder);
  return folder;
};
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

const certificateIn = async (folder: string, name: string): Promise<X509Certificate> =>
  new X509Certificate(await readFile(path.join(folder, `${name}.crt`)));

test('the authority signs a certificate with a key of its own for each name', async () => {
  const folder = await createFolder();
  expect(await fillFolder({ folder, names: ['orders', 'users'], days: 30, now: NOW })).toBe(true);
  const authority = await certificateIn(folder, 'ca');
  expect(authority.ca).toBe(true);
  for (const name of ['orders', 'users']) {
    const certificate = await certificateIn(folder, name);
    const key = createPrivateKey(await readFile(path.join(folder, `${name}.key`)));
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.checkIssued(authority)).toBe(true);
    expect(certificate.checkPrivateKey(key)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.subjectAltName).toBe(
      `DNS:${name}, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1`,
    );
    expect(Date.parse(certificate.validTo)).toBe(NOW + 30 * DAY_MS);
    expect((await stat(path.join(folder, `${name}.key`))).mode & 0o777).toBe(0o600);
  }
});

test('again it keeps the authority and renews the certificates', async () => {
  const folder = await createFolder();
  const names = ['orders'];
  await fillFolder({ folder, names, days: 30, now: NOW });
  const [authority, first] = [await certificateIn(folder, 'ca'), await certificateIn(folder, 'orders')];
  expect(await fillFolder({ folder, names, days: 30, now: NOW + DAY_MS })).toBe(false);
  const renewed = await certificateIn(folder, 'orders');
  expect((await certificateIn(folder, 'ca')).fingerprint256).toBe(authority.fingerprint256);
  expect(renewed.serialNumber).not.toBe(first.serialNumber);
  expect(Date.parse(renewed.validTo)).toBe(NOW + 31 * DAY_MS);
  expect(renewed.verify(authority.publicKey)).toBe(true);
});
