import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import type { TestService } from '@order-pipeline/testing';
import { startGateway, testRefusals } from './gateway.ts';

/** What the whole console may weigh on its way to the browser. */
const MAX_BYTES = 100_000;
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

let gateway: TestService;
let page: string;
let assets: string[];

const get = (url: string, headers: Record<string, string> = {}) => gateway.server.inject({ url, headers });

beforeAll(async () => {
  gateway = await startGateway();
  page = (await get('/console/')).body;
  assets = [...new Set([...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? ''))];
});

afterAll(() => gateway.close());

test('GET / leads a browser to the console, and gives a program a document of links', async () => {
  const browser = await get('/', { accept: BROWSER });
  expect([browser.statusCode, browser.headers['location']]).toEqual([302, '/console/']);
  for (const accept of [undefined, '*/*', 'application/json', 'text/html;q=0']) {
    const program = await get('/', accept === undefined ? {} : { accept });
    expect(program.statusCode).toBe(200);
    const { links } = program.json<{ links: Record<string, string> }>();
    expect(links).toMatchObject({ console: '/console/', openapi: '/openapi.json', orders: '/api/orders' });
  }
});

test('every view is the same page, which is asked for again whether it has changed', async () => {
  expect((await get('/console')).headers['location']).toBe('/console/');
  for (const url of ['/console/', '/console/orders', '/console/orders/order-1?x=1']) {
    const { statusCode, headers, body } = await get(url);
    expect([statusCode, headers['content-type'], body]).toEqual([200, 'text/html; charset=utf-8', page]);
    expect(headers['cache-control']).toBe('no-cache');
    const again = await get(url, { 'if-none-match': `"other", W/${String(headers['etag'])}` });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  }
});

test('the page holds no script and no style of its own, and may load and ask the gateway alone', async () => {
  expect(page).not.toMatch(/<style|style=|<script[^>]*>[^<]|\son\w+=|https?:/);
  for (const url of ['/console/', ...assets]) {
    const policy = String((await get(url)).headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);
  }
});

test('every file is there, is kept for a year under a path of its digest, and imports only what is there', async () => {
  expect(assets.length).toBeGreaterThan(20);
  for (const url of assets) {
    const { statusCode, headers, body } = await get(url);
    expect([url, statusCode]).toEqual([url, 200]);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    for (const [, specifier = ''] of body.matchAll(/(?<!@import .*)\b(?:from|import)\s*["']([^"']+)["']/g)) {
      expect(specifier).toMatch(/^\.{1,2}\//);
      expect(assets).toContain(new URL(specifier, `http://gateway${url}`).pathname);
    }
  }
});

test('the whole console weighs 100 KB at most, compressed as browsers take it', async () => {
  let bytes = 0;
  for (const url of ['/console/', ...assets]) {
    const { headers, rawPayload } = await get(url, { 'accept-encoding': 'gzip, deflate, br' });
    expect(headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(rawPayload).toString()).toBe((await get(url)).body);
    bytes += rawPayload.length;
  }
  expect(bytes).toBeLessThanOrEqual(MAX_BYTES);
});

testRefusals(
  () => gateway,
  [
    ['GET', '/console/assets/nothing.js', 404, 'ROUTE_NOT_FOUND'],
    ['GET', '/console/assets/..%2f..%2fpackage.json', 404, 'ROUTE_NOT_FOUND'],
    ['POST', '/console/', 405, 'METHOD_NOT_ALLOWED'],
  ],
);
