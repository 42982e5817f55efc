import { afterAll, beforeAll, expect } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger, startSystem, type System } from '@order-pipeline/launcher';
import { openClient } from '@order-pipeline/service-kit';
import type { Browser } from 'playwright-core';
import { findChromium, openTab, startBrowser, type Reader, type Tab } from './browser.ts';

/** A system without data, and a browser to look at it with. */
export interface ConsoleUnderTest {
  readonly url: string;
  readonly system: System;
  /** A tab in which nothing may go wrong but what `isExpected` says. */
  withTab(
    use: (tab: Tab) => Promise<void>,
    isExpected?: (complaint: string) => boolean,
    reader?: Reader,
  ): Promise<void>;
  /** The rows that a statement of the orders database answers. */
  inDatabase<R extends object>(sql: string): Promise<R[]>;
}

/** Starts both before the tests of a file, and stops them after; `settings` replace those of the system. */
export const useConsole = (settings: Readonly<Record<string, string>> = {}): (() => ConsoleUnderTest) => {
  let dataDir: string;
  let system: System;
  let browser: Browser;

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-console-'));
    const environment = {
      PORT: '0',
      DATA_DIR: dataDir,
      WORKFLOW_INTERVAL_MS: '400',
      RATE_LIMIT: 'off',
      ...settings,
    };
    [system, browser] = await Promise.all([
      startSystem({ environment, logger: createLogger('silent'), durability: 'off' }),
      startBrowser(findChromium() ?? ''),
    ]);
  });

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  const withTab: ConsoleUnderTest['withTab'] = async (use, isExpected = () => false, reader = {}) => {
    const tab = await openTab(browser, system.url, reader);
    try {
      await use(tab);
      expect(tab.complaints.filter((complaint) => !isExpected(complaint))).toEqual([]);
    } finally {
      await tab.context.close();
    }
  };
  const inDatabase = async <R extends object>(sql: string): Promise<R[]> => {
    const url = system.infrastructure.databaseUrl('orders');
    const database = await openClient({ url, applicationName: 'console tests' });
    try {
      return (await database.query<R>(sql)).rows;
    } finally {
      await database.end();
    }
  };
  return () => ({ url: system.url, system, withTab, inDatabase });
};
