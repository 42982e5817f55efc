import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { DatabaseName } from '@order-pipeline/contracts';
import { startTestPostgres, type TestPostgres } from '@order-pipeline/testing';
import type { AuditLimits } from '../src/index.ts';
import { createLedger, type Ledger } from './ledger.ts';

/** What is done to books in which everything is right, and what exactly has to be found then. */
export interface Plant {
  readonly name: string;
  readonly database: DatabaseName;
  readonly sql: string;
  /** Ids by `check: problem`. */
  readonly found: Readonly<Record<string, readonly string[]>>;
  readonly limits?: Partial<AuditLimits>;
}

/** Gives each test of a file a ledger of its own in which everything is right. */
export const useLedger = (): (() => Ledger) => {
  let postgres: TestPostgres;
  let ledger: Ledger;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  beforeEach(async () => {
    ledger = await createLedger(postgres);
  });
  afterEach(() => ledger.close());
  afterAll(() => postgres.stop());
  return () => ledger;
};

export const definePlantTests = (plants: readonly Plant[]): void => {
  const ledger = useLedger();
  test.each(plants)('$name is found, and nothing else is', async ({ database, sql, found, limits }) => {
    await ledger().run(database, sql);
    expect(await ledger().findings({ limits })).toEqual(found);
  });
};
