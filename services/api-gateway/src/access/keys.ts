import { unavailable } from '@order-pipeline/service-kit';
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import type { RemoteIssuer } from './settings.ts';

const FETCH_TIMEOUT_MS = 1_500;
/** An unknown key has the keys fetched anew, but not more often than this, whatever tokens come. */
const COOLDOWN_MS = 5_000;
const MAX_AGE_MS = 600_000;

/** OpenID Connect Discovery 1.0, 4: the document is the issuer's own, so it has to name the issuer. */
const discover = async ({ name: url }: RemoteIssuer): Promise<string> => {
  const response = await fetch(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    redirect: 'error',
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`the discovery document is answered with ${response.status}`);
  const { issuer, jwks_uri: keysUrl } = (await response.json()) as Record<string, unknown>;
  if (issuer !== url) throw new Error('the discovery document is that of another issuer');
  if (typeof keysUrl !== 'string' || !URL.canParse(keysUrl))
    throw new Error('the discovery document names no keys');
  return keysUrl;
};

/**
 * The issuer's keys, fetched when they are first needed, again after ten minutes, and when a token names one that is not
 * among them: so keys are rotated without a restart.
 *
 * @param cooldownMs how long an unknown key has to wait after the last fetch
 * @throws AppError UNAVAILABLE from what is returned, while the issuer cannot be asked where its keys are
 */
export const createKeys = (issuer: RemoteIssuer, cooldownMs = COOLDOWN_MS): JWTVerifyGetKey => {
  const open = async (): Promise<JWTVerifyGetKey> =>
    createRemoteJWKSet(new URL(issuer.jwksUrl ?? (await discover(issuer))), {
      timeoutDuration: FETCH_TIMEOUT_MS,
      cooldownDuration: cooldownMs,
      cacheMaxAge: MAX_AGE_MS,
    });
  let keys: Promise<JWTVerifyGetKey> | undefined;
  return async (header, token) => {
    const opened = await (keys ??= open()).catch((error: unknown) => {
      keys = undefined;
      throw unavailable('Tokens cannot be verified now, try again in a moment', error);
    });
    return opened(header, token);
  };
};
