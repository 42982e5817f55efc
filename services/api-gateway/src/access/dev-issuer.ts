import { DEV_AUDIENCE, DEV_ISSUER, openDevKey } from '@order-pipeline/dev-issuer';
import type { Runtime } from '@order-pipeline/service-kit';
import type { FastifyInstance } from 'fastify';
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Issuer } from './settings.ts';

/** An issuer whose keys are at hand. */
export interface DevIssuer {
  readonly issuer: Issuer;
  readonly keys: JWTVerifyGetKey;
  /** Serves the public part of its key, as an issuer does. */
  addRoutes(server: FastifyInstance): void;
}

export const DEV_KEYS_PATH = '/dev-issuer/jwks.json';

/**
 * The issuer for trying things out. Tokens are signed by the command line, with the key in `dataDir`, and not over HTTP:
 * otherwise each program on the machine could have one, and a page in its browser.
 *
 * @throws DevKeyError where the key cannot be used, and what reading and writing it throws
 */
export const openDevIssuer = async (dataDir: string, runtime: Pick<Runtime, 'uuid'>): Promise<DevIssuer> => {
  const { publicJwk } = await openDevKey(dataDir, runtime);
  const jwks: JSONWebKeySet = { keys: [publicJwk] };
  return {
    issuer: { name: DEV_ISSUER, audience: DEV_AUDIENCE, userClaim: 'sub', scopeClaim: 'scope' },
    keys: createLocalJWKSet(jwks),
    addRoutes: (server) => {
      server.get(DEV_KEYS_PATH, { schema: { hide: true } }, async (_, reply) =>
        reply.type('application/jwk-set+json').send(JSON.stringify(jwks)),
      );
    },
  };
};
