import { afterAll, beforeAll } from '@jest/globals';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { createGateway, type Gateway } from '../gateway.ts';
import { createCompose, type Compose } from './compose.ts';

/** Orders move on quickly, and what is late is published again soon. */
const QUICK = { WORKFLOW_INTERVAL_MS: '500', REPUBLISH_AFTER_MS: '15000' };

/** A whole system in containers, and the way in. */
export interface Stack {
  readonly compose: Compose;
  readonly gateway: Gateway;
}

/**
 * Starts docker-compose.yml for the tests of a file, and takes it away after them.
 *
 * @param prepare answers the environment variables and the files of Compose beside those that every test has
 * @returns the stack, once it is up
 */
export const useStack = (
  prepare: () => Promise<{
    readonly settings: Readonly<Record<string, string>>;
    readonly files?: readonly string[];
  }>,
): (() => Stack) => {
  let stack: Stack;
  beforeAll(async () => {
    const { settings, files = [] } = await prepare();
    const compose = await createCompose({ ...QUICK, ...settings }, files);
    stack = { compose, gateway: createGateway(compose.url) };
    await compose.run('up', '--build', '--wait', '--quiet-pull');
  }, 10 * MINUTE_MS);
  afterAll(async () => {
    await stack?.gateway.close();
    // What a test has started of a profile is named by none.
    await stack?.compose.run('--profile', '*', 'down', '--volumes', '--timeout', '10');
  }, 2 * MINUTE_MS);
  return () => stack;
};
