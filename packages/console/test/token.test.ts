import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { apiGatewayService } from '@order-pipeline/api-gateway';
import { GATEWAY_OPERATIONS } from '@order-pipeline/contracts';
import { startTestService, type TestService } from '@order-pipeline/testing';
import type { Browser } from 'playwright-core';
import { findChromium, openTab, startBrowser } from './browser.ts';

const chromium = findChromium();
const OPERATOR_TOKEN = 'a-token-of-the-tests';

jest.setTimeout(60_000);

(chromium === undefined ? describe.skip : describe)('at a gateway that asks for a token', () => {
  let gateway: TestService;
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    const routes = Object.values(GATEWAY_OPERATIONS).map((operation) => ({
      operation,
      handle: async () => ({ status: operation.status, body: operation.exampleReply }),
    }));
    const environment = { OPERATOR_TOKEN };
    gateway = await startTestService(apiGatewayService, {
      environment,
      clients: { 'orders-facade': routes },
    });
    url = await gateway.listen();
    browser = await startBrowser(chromium ?? '');
  });

  afterAll(async () => {
    await browser?.close();
    await gateway?.close();
  });

  test('the token is asked for, used, kept in the tab alone, and never copied', async () => {
    const { page, context, complaints, open } = await openTab(browser, url);
    await open('/console/dead-letters');
    await page.getByRole('alert').getByText('401').waitFor();
    await page.getByRole('button', { name: 'Enter a token' }).click();
    await page.getByLabel('Token').fill(OPERATOR_TOKEN);
    await page.getByLabel('Your name').fill('ann');
    await page.getByRole('button', { name: 'Use it' }).click();
    await page.locator('[data-row]').first().waitFor();
    await page.reload();
    await page.locator('[data-row]').first().waitFor();
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    await page.getByText('Copied').waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied).toContain('-H "Authorization: Bearer $TOKEN"');
    expect(copied).not.toContain(OPERATOR_TOKEN);
    expect(await page.evaluate('JSON.stringify([localStorage, document.cookie])')).not.toContain('token-of');
    expect(complaints.filter((line) => !/status of 401/.test(line))).toEqual([]);
    const other = await context.newPage();
    await other.goto(`${url}/console/dead-letters`);
    await other.getByRole('alert').getByText('401').waitFor();
    await context.close();
  });
});
