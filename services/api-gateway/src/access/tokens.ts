import { hash } from 'node:crypto';
import { ID, SCOPES, type Actor } from '@order-pipeline/contracts';
import { AppError, unavailable, type Runtime } from '@order-pipeline/service-kit';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyResult } from 'jose';
import type { Issuer } from './settings.ts';

/** Signatures that only the issuer can make: none with a secret, and not `none`. */
const ALGORITHMS = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA', 'Ed25519'];
const TYPES: readonly unknown[] = ['at+jwt', 'jwt', undefined];
/** What two clocks may differ by. */
const CLOCK_TOLERANCE_S = 5;
const MAX_TOKEN_LENGTH = 8_192;
/** So many verified tokens are remembered; beyond, those that were verified longest ago are verified again. */
const MAX_REMEMBERED = 10_000;
const MAX_NAME_LENGTH = 200;

const USER_ID = new RegExp(ID, 'u');

const bad = (cause?: unknown): AppError =>
  new AppError('UNAUTHENTICATED', 'The token is not valid here: get a new one', { cause });

/** The keys cannot be used, which says nothing of the token. */
const KEYS_FAILED: readonly string[] = [errors.JWKSInvalid.code, errors.JOSEError.code];

const refusalOf = (error: unknown): AppError => {
  if (error instanceof AppError) return error;
  if (error instanceof errors.JOSEError && !KEYS_FAILED.includes(error.code)) return bad(error);
  return unavailable('Tokens cannot be verified now, try again in a moment', error);
};

const typeOf = ({ protectedHeader: { typ } }: JWTVerifyResult): string | undefined =>
  typ?.toLowerCase().replace(/^application\//, '');

const wordsOf = (claim: unknown): readonly unknown[] => {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim : [];
};

const actorOf = (claims: JWTPayload, { userClaim, scopeClaim }: Issuer): Actor => {
  const user = claims[userClaim];
  const userId = typeof user === 'string' && USER_ID.test(user) ? user : undefined;
  const words = wordsOf(claims[scopeClaim]);
  return {
    kind: 'token',
    name: (userId ?? claims.sub ?? 'unknown').slice(0, MAX_NAME_LENGTH),
    ...(userId === undefined ? {} : { userId }),
    scopes: SCOPES.filter((scope) => words.includes(scope)),
  };
};

interface Verified {
  readonly actor: Actor;
  readonly expiresMs: number;
}

/** Tells whom a token is from. */
export interface Tokens {
  /** At once, for one that was verified before and has not expired. */
  known(token: string): Actor | undefined;
  /** @throws AppError UNAUTHENTICATED for a token that is not valid; UNAVAILABLE while the keys cannot be had */
  verify(token: string): Promise<Actor>;
}

/**
 * Verified tokens are remembered by their digest until they expire, so that each costs one signature.
 *
 * @param maxRemembered how many at most, and half of them at least
 */
export const createTokens = (
  issuer: Issuer,
  keys: JWTVerifyGetKey,
  runtime: Pick<Runtime, 'wallClock'>,
  maxRemembered = MAX_REMEMBERED,
): Tokens => {
  // oxlint-disable-next-line no-restricted-properties -- the issuer says by the time of day until when a token is valid
  const now = (): number => runtime.wallClock();
  let young = new Map<string, Verified>();
  let old = new Map<string, Verified>();

  const remember = (digest: string, verified: Verified): void => {
    if (young.size >= maxRemembered / 2) {
      old = young;
      young = new Map();
    }
    young.set(digest, verified);
  };
  return {
    known: (token) => {
      const digest = hash('sha256', token, 'base64');
      const found = young.get(digest) ?? old.get(digest);
      return found && now() < found.expiresMs ? found.actor : undefined;
    },
    verify: async (token) => {
      if (token.length > MAX_TOKEN_LENGTH) throw bad();
      try {
        const verified = await jwtVerify(token, keys, {
          issuer: issuer.name,
          audience: issuer.audience,
          algorithms: ALGORITHMS,
          requiredClaims: ['exp'],
          clockTolerance: CLOCK_TOLERANCE_S,
          currentDate: new Date(now()),
        });
        if (!TYPES.includes(typeOf(verified))) throw bad();
        const actor = actorOf(verified.payload, issuer);
        const expiresMs = (verified.payload.exp ?? 0) * 1_000;
        remember(hash('sha256', token, 'base64'), { actor, expiresMs });
        return actor;
      } catch (error) {
        throw refusalOf(error);
      }
    },
  };
};
