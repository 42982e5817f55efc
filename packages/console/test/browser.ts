import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable'];

/** Where the machine has a Chromium, such as Debian's. */
export const findChromium = (): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .flatMap((folder) => NAMES.map((name) => path.join(folder, name)))
    .find((file) => existsSync(file));

/** Without a sandbox: it is not to be had as root in a container, and only our own pages are opened. */
export const startBrowser = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });

/** Waits until a text can be seen on a page. */
export const see = (page: Page, text: string): Promise<void> =>
  page.getByText(text).filter({ visible: true }).first().waitFor();

/** The texts of elements, with a single space wherever there is any. */
export const textsOf = async (elements: Locator): Promise<string[]> =>
  (await elements.allTextContents()).map((text) => text.replaceAll(/\s+/g, ' ').trim());

export type Scheme = 'light' | 'dark';

/** How a reader looks at the console. */
export interface Reader {
  readonly scheme?: Scheme;
  readonly width?: number;
  readonly timeZone?: string;
}

/** A tab, with everything that went wrong in it or left the gateway. */
export interface Tab {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser complained of, and what was asked of others than the gateway. */
  readonly complaints: string[];
  open(path: string): Promise<void>;
}

/** What Chromium says of requests under way when a network of the machine comes or goes, as those of containers do. */
const NETWORK_CHANGED = 'net::ERR_NETWORK_CHANGED';

export const openTab = async (
  browser: Browser,
  url: string,
  { scheme = 'light', width = 1_400, timeZone = 'Europe/Berlin' }: Reader = {},
): Promise<Tab> => {
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: { width, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
    timezoneId: timeZone,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  let isInterrupted = false;
  page.on('console', (message) => {
    if (message.text().includes(NETWORK_CHANGED)) isInterrupted = true;
    else complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) complaints.push(`asked for ${request.url()}`);
  });
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (event) => console.error('CSP', event.violatedDirective))",
  );
  const pending = new Set<string>();
  page.on('request', (request) => pending.add(request.url()));
  page.on('requestfinished', (request) => pending.delete(request.url()));
  page.on('requestfailed', (request) => pending.delete(request.url()));
  const open = async (at: string): Promise<void> => {
    do {
      isInterrupted = false;
      await page.goto(url + at);
    } while (isInterrupted);
    try {
      await page.getByRole('heading', { level: 1 }).waitFor({ timeout: 60_000 });
    } catch (error) {
      const seen = `complaints: ${complaints.join('; ')}; not answered yet: ${[...pending].join(' ')}`;
      throw new Error(`${at} shows nothing; ${seen}`, { cause: error });
    }
  };
  return { context, page, complaints, open };
};
