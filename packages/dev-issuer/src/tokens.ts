import type { Scope } from '@order-pipeline/contracts';
import type { Runtime } from '@order-pipeline/service-kit';
import { SignJWT } from 'jose';
import type { DevKey } from './key-file.ts';

/** What its tokens have as `iss`. It is no URL: nobody is to fetch keys by it. */
export const DEV_ISSUER = 'urn:order-pipeline:dev-issuer';
/** For whom they are issued: `aud`. */
export const DEV_AUDIENCE = 'order-pipeline';
/** The longest life of one, in seconds: a day. */
export const MAX_TOKEN_LIFE_S = 86_400;

/** What a token says. */
export interface DevClaims {
  /** Who has it: `sub`. */
  readonly userId: string;
  readonly scopes: readonly Scope[];
  /** How long it is valid, in seconds; never longer than a day. */
  readonly lifeS: number;
}

/** Signs an access token (RFC 9068) of the development issuer, valid from now on. */
export const signDevToken = (
  { privateKey, kid }: Pick<DevKey, 'privateKey' | 'kid'>,
  { userId, scopes, lifeS }: DevClaims,
  runtime: Pick<Runtime, 'wallClock' | 'uuid'>,
): Promise<string> => {
  // oxlint-disable-next-line no-restricted-properties -- a token says by the time of day until when it is valid
  const now = Math.floor(runtime.wallClock() / 1_000);
  return new SignJWT({ scope: scopes.join(' ') })
    .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
    .setIssuer(DEV_ISSUER)
    .setAudience(DEV_AUDIENCE)
    .setSubject(userId)
    .setIssuedAt(now)
    .setExpirationTime(now + Math.min(lifeS, MAX_TOKEN_LIFE_S))
    .setJti(runtime.uuid())
    .sign(privateKey);
};
