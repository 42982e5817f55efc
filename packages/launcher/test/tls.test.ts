import { createAuthority, issueCertificate, type CertifiedKey } from '@order-pipeline/certificates';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { settingsProblems } from '@order-pipeline/testing';
import { planSystem } from '../src/plan.ts';
import { eventually, get, ownDataDir, placeOrder, startHere, statusOf } from './system-harness.ts';

ownDataDir();

const VALIDITY = { now: Date.now(), days: 1 };
let folder = '';
let authority: CertifiedKey;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'launcher-tls-'));
  authority = await createAuthority('test', VALIDITY);
  await writeFile(path.join(folder, 'ca.crt'), authority.certificate);
});

afterAll(() => rm(folder, { recursive: true }));

/** The settings of a process that proves to be these services. */
const certifiedAs = async (name: string, ...others: string[]): Promise<Record<string, string>> => {
  const { certificate, key } = await issueCertificate(authority, { name, dns: others }, VALIDITY);
  const [certFile, keyFile] = [path.join(folder, `${name}.crt`), path.join(folder, `${name}.key`)];
  await writeFile(certFile, certificate);
  await writeFile(keyFile, key);
  return { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile, TLS_CA_FILE: path.join(folder, 'ca.crt') };
};

const BACK = ['users', 'inventory', 'orders', 'workflow', 'shipping', 'delivery'] as const;

test('an order walks through services that prove themselves, and nobody else gets in', async () => {
  const back = await startHere({ ...(await certifiedAs('users', ...BACK)), METRICS_PORT: '0' }, BACK);
  expect(back.url).toMatch(/^https:/);
  const behind = { USERS_URL: back.url, INVENTORY_URL: back.url, ORDERS_URL: back.url };
  const facade = await startHere({ ...(await certifiedAs('orders-facade')), ...behind }, ['orders-facade']);
  const gateway = await startHere({ ...(await certifiedAs('api-gateway')), ORDERS_FACADE_URL: facade.url }, [
    'api-gateway',
  ]);
  expect(gateway.url).toMatch(/^http:/);
  await placeOrder(gateway.url, 'order-1');
  await eventually(async () => expect(await statusOf(gateway.url, 'order-1')).toBe('DELIVERED'));
  await expect(fetch(back.url.replace('https:', 'http:'))).rejects.toThrow();

  const probes = back.metricsUrl;
  expect(await get(`${probes}/health/ready`)).toMatchObject({ status: 'ready' });
  const metrics = await (await fetch(`${probes}/metrics`)).text();
  expect(metrics).toContain('http_request_duration_seconds');
  const end = /^tls_certificate_not_after_timestamp_seconds\{service="orders"\} (\S+)$/m.exec(metrics)?.[1];
  const expected = Math.floor(VALIDITY.now / 1_000) + VALIDITY.days * 86_400;
  expect(Number(end)).toBe(expected);
  for (const where of ['/api/orders/order-1', '/internal/orders/move', '/calls'])
    expect((await fetch(`${probes}${where}`)).status).toBe(404);
}, 120_000);

test('a process with the certificate of a service that may not ask gets nothing', async () => {
  const back = await startHere(await certifiedAs('users', ...BACK), BACK);
  const behind = { USERS_URL: back.url, INVENTORY_URL: back.url, ORDERS_URL: back.url };
  const facade = await startHere({ ...behind, ...(await certifiedAs('shipping')) }, ['orders-facade']);
  const asked = await startHere({ ...(await certifiedAs('api-gateway')), ORDERS_FACADE_URL: facade.url }, [
    'api-gateway',
  ]);
  // The gateway does not even ask who is not the facade.
  expect(await get(`${asked.url}/api/users/user11`)).toMatchObject({ code: 'UNAVAILABLE' });
}, 180_000);

const problemsOf = (settings: Record<string, string>): readonly string[] =>
  settingsProblems(() =>
    planSystem(['users', 'orders-facade'], {
      INVENTORY_URL: 'https://inventory',
      ORDERS_URL: 'https://orders',
      ...settings,
    }),
  );

test('what does not belong together is named, without its contents', async () => {
  const whole = await certifiedAs('users');
  const other = await certifiedAs('orders-facade');
  expect(problemsOf(whole)).toEqual([]);
  expect(problemsOf({ ...whole, ORDERS_URL: 'http://orders:3000' })).toEqual([
    'ORDERS_URL must be a URL that starts with https:// with TLS_CERT_FILE',
  ]);
  const { TLS_CA_FILE: _, ...halves } = whole;
  expect(problemsOf(halves)).toEqual(['TLS_CA_FILE must be set with TLS_CERT_FILE and TLS_KEY_FILE']);
  expect(problemsOf({ ...whole, TLS_KEY_FILE: other['TLS_KEY_FILE'] ?? '' })).toEqual([
    'TLS_CERT_FILE and TLS_KEY_FILE do not belong together',
  ]);
  expect(problemsOf({ ...whole, TLS_CA_FILE: '/nowhere/ca.crt' })).toEqual([
    'TLS_CERT_FILE and the files of TLS_KEY_FILE and TLS_CA_FILE cannot be used (ENOENT)',
  ]);
});
