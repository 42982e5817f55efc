import { expect, test } from '@jest/globals';
import type { DatabaseName } from '@order-pipeline/contracts';
import { useFixturePerTest } from '@order-pipeline/testing/fixtures';
import type { AuditLimits } from '../src/index.ts';
import { createFixture, type Fixture } from './fixture.ts';

/** A fault put into databases that are consistent, and exactly the findings that it has to give. */
export interface PlantedFault {
  readonly name: string;
  readonly database: DatabaseName;
  readonly sql: string;
  /** Ids by `check: problem`. */
  readonly found: Readonly<Record<string, readonly string[]>>;
  readonly limits?: Partial<AuditLimits>;
}

/** Gives each test of a file consistent databases of its own. */
export const useFixture = (): (() => Fixture) => useFixturePerTest(createFixture);

export const testPlantedFaults = (faults: readonly PlantedFault[]): void => {
  const fixture = useFixture();
  test.each(faults)('$name is found, and nothing else is', async ({ database, sql, found, limits }) => {
    await fixture().run(database, sql);
    expect(await fixture().findings({ limits })).toEqual(found);
    // In a system of any size most is read in pages.
    expect(await fixture().findings({ limits, pageSize: 1 })).toEqual(found);
  });
};
