import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { inTurn } from './in-turn.ts';
import { startTestPostgres, type TestPostgres, type TestPostgresOptions } from './test-postgres.ts';

// Beside the index: jest's globals are there only while jest runs.

const TIMEOUT_MS = 60_000;

const closers: (() => unknown)[] = [];
let isRegistered = false;

/** Closes something after the tests of this file, before all that was opened earlier. */
export const closeAfterTests = (close: () => unknown): void => void closers.push(close);

const registerClosing = (): void => {
  if (isRegistered) return;
  isRegistered = true;
  afterAll(() => inTurn(...closers.splice(0).toReversed()), TIMEOUT_MS);
};

/** An object with the properties of another one that is there later, each read when it is asked for. */
const standInFor = <T extends object>(find: () => T): T =>
  new Proxy({} as T, {
    get: (_, name) => Reflect.get(find(), name) as unknown,
    set: (_, name, value) => Reflect.set(find(), name, value),
    has: (_, name) => Reflect.has(find(), name),
    ownKeys: () => Reflect.ownKeys(find()),
    getOwnPropertyDescriptor: (_, name) => Reflect.getOwnPropertyDescriptor(find(), name),
  });

/**
 * Opens a fixture before the tests of this file, in the order of the calls, and closes it after them, the last one first.
 * Called at the top level of a test file.
 *
 * @param open what the tests need; its functions must not depend on `this`
 * @param close not needed for what is closed with something else
 * @returns stands for the fixture, and can be used once the tests run; earlier it throws
 */
export const useFixture = <T extends object>(
  open: () => T | Promise<T>,
  close: (fixture: T) => unknown = () => undefined,
): T => {
  let fixture: T | undefined;
  registerClosing();
  beforeAll(async () => {
    const opened = await open();
    fixture = opened;
    closeAfterTests(() => close(opened));
  }, TIMEOUT_MS);
  return standInFor(() => {
    if (!fixture) throw new Error('A fixture is used before the tests run');
    return fixture;
  });
};

/** The PostgreSQL for the tests of this file, see `startTestPostgres`. */
export const useTestPostgres = (options?: TestPostgresOptions): TestPostgres =>
  useFixture(
    () => startTestPostgres(options),
    (postgres) => postgres.stop(),
  );

/**
 * Gives each test of this file a fixture of its own on a PostgreSQL that they share.
 *
 * @returns the fixture of the test that runs
 */
export const useFixturePerTest = <T extends { close(): Promise<void> }>(
  open: (postgres: TestPostgres) => Promise<T>,
): (() => T) => {
  const postgres = useTestPostgres();
  let fixture: T;
  beforeEach(async () => {
    fixture = await open(postgres);
  });
  afterEach(() => fixture.close());
  return () => fixture;
};
