import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { apiGatewayService } from '@order-pipeline/api-gateway';
import { GATEWAY_OPERATIONS, type Actor } from '@order-pipeline/contracts';
import { openDevKey, signDevToken } from '@order-pipeline/dev-issuer';
import { createTestRuntime, inTurn, startTestService, type TestService } from '@order-pipeline/testing';
import type { Browser } from 'playwright-core';
import { findChromium, openTab, startBrowser } from './browser.ts';

const chromium = findChromium();
const runtime = createTestRuntime();

jest.setTimeout(60_000);

(chromium === undefined ? describe.skip : describe)('the documents at a gateway with an issuer', () => {
  let dataDir: string;
  let gateway: TestService;
  let browser: Browser;
  let url: string;
  const actors: Actor[] = [];

  beforeAll(async () => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'authorize-'));
    const routes = Object.values(GATEWAY_OPERATIONS).map((operation) => ({
      operation,
      handle: async (_: unknown, { actor }: { actor: Actor }) => {
        actors.push(actor);
        return { status: operation.status, body: operation.exampleReply };
      },
    }));
    gateway = await startTestService(apiGatewayService, {
      environment: { AUTH_DEV_ISSUER: 'on', DATA_DIR: dataDir },
      clients: { 'orders-facade': routes },
    });
    url = await gateway.listen();
    browser = await startBrowser(chromium ?? '');
  });

  afterAll(() =>
    inTurn(
      () => browser?.close(),
      () => gateway?.close(),
      async () => rmSync(dataDir, { recursive: true }),
    ),
  );

  test('Authorize takes a token, and requests that are tried out carry it', async () => {
    const { page, context, complaints } = await openTab(browser, url);
    const token = await signDevToken(
      await openDevKey(dataDir, runtime),
      { userId: 'alice', scopes: ['orders:write'], lifeS: 600 },
      runtime,
    );
    await page.goto(`${url}/docs`);
    await page.getByRole('button', { name: 'Authorize', exact: true }).click();
    await page.getByText('of the development issuer').waitFor();
    await page.getByLabel('auth-bearer-value').fill(token);
    await page.getByRole('button', { name: 'Apply credentials' }).click();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    const operation = page.locator('#operations-orders-listOrders');
    await operation.getByRole('button').first().click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    await operation.locator('.live-responses-table').getByText('200', { exact: true }).waitFor();
    expect(actors).toEqual([{ kind: 'token', name: 'alice', userId: 'alice', scopes: ['orders:write'] }]);
    expect(complaints.filter((line) => /CSP|Content Security|asked for/i.test(line))).toEqual([]);
    await context.close();
  });
});
