import type { Scope } from '@order-pipeline/contracts';
import { openDevKey, signDevToken } from '@order-pipeline/dev-issuer';
import { createLogger } from '@order-pipeline/launcher';
import { createTestRuntime, inTurn } from '@order-pipeline/testing';
import { createGateway, type Gateway } from '../gateway.ts';
import { startWholeSystem, type StartedSystem, type WholeSystemOptions } from '../system/start.ts';

/** What operators may prove themselves with beside a token. */
export const OPERATOR_TOKEN = 'the-token-of-operators';

const TOKEN_LIFE_S = 3_600;

/** A whole system that asks everybody for a token. */
export interface SecuredSystem extends StartedSystem {
  readonly url: string;
  /** Who sends nothing. */
  readonly nobody: Gateway;
  tokenFor(userId: string, ...scopes: readonly Scope[]): Promise<string>;
  /** A client with such a token. */
  as(userId: string, ...scopes: readonly Scope[]): Promise<Gateway>;
  /** A client with the token that it is given. */
  bearing(token: string): Gateway;
}

/** Starts all services in this process, with the development issuer. */
export const startSecuredSystem = async (options: WholeSystemOptions = {}): Promise<SecuredSystem> => {
  const runtime = createTestRuntime();
  const started = await startWholeSystem({
    logger: createLogger('silent'),
    ...options,
    environment: { AUTH_DEV_ISSUER: 'on', OPERATOR_TOKEN, ...options.environment },
  });
  const { system, dataDir } = started;
  const key = await openDevKey(dataDir, runtime);
  const clients: Gateway[] = [];
  const bearing = (token?: string): Gateway => {
    const client = createGateway(system.url, token);
    clients.push(client);
    return client;
  };
  const tokenFor: SecuredSystem['tokenFor'] = (userId, ...scopes) =>
    signDevToken(key, { userId, scopes, lifeS: TOKEN_LIFE_S }, runtime);
  return {
    ...started,
    url: system.url,
    nobody: bearing(),
    tokenFor,
    bearing,
    as: async (userId, ...scopes) => bearing(await tokenFor(userId, ...scopes)),
    stop: () => inTurn(...clients.map(({ close }) => close), started.stop),
  };
};
