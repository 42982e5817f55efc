import type { Scope } from '@order-pipeline/contracts';
import { SECOND_MS } from '@order-pipeline/service-kit';
import type { Claims, SimIssuer } from '../world/issuer.ts';
import type { Time } from '../world/time.ts';

/** A token with when it expires, in milliseconds of the simulation. */
export interface Token {
  readonly text: string;
  readonly expiresAt: number;
}

/** Those who are no users, with what they may do. */
const SCOPES_OF = {
  clerk: ['catalog:write'],
  auditor: ['orders:read.any'],
  operator: ['ops:read', 'ops:write'],
} as const satisfies Record<string, readonly Scope[]>;
const SCOPES_OF_USERS: readonly Scope[] = ['users:write', 'orders:write'];

/** The tokens of clients, where access control is on. */
export interface Tokens {
  /** One of theirs that has not expired; the same one for as long as it lasts. */
  of(who: string): Token;
  /** One that has expired, of a user, if any did. */
  expired(): Token | undefined;
  /** Texts that are no valid tokens, as somebody without a key can make them. */
  forged(who: string): readonly string[];
}

const LIFE_MS = 15_000;
/** A request that is under way is over by then. */
const RENEWED_BEFORE_MS = 6_000;

const scopesOf = (who: string): string =>
  (who in SCOPES_OF ? SCOPES_OF[who as keyof typeof SCOPES_OF] : SCOPES_OF_USERS).join(' ');

const unsigned = (claims: object): string =>
  [{ alg: 'none' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');

export const createTokens = (issuer: Pick<SimIssuer, 'sign' | 'forge'>, time: Pick<Time, 'now'>): Tokens => {
  const current = new Map<string, Token>();
  const old: Token[] = [];
  /** @param exp in seconds */
  const claimsOf = (who: string, exp: number): Claims => ({ sub: who, scope: scopesOf(who), exp });
  const expiry = (): number => Math.floor((time.now() + LIFE_MS) / SECOND_MS);
  return {
    of: (who) => {
      const known = current.get(who);
      if (known && time.now() < known.expiresAt - RENEWED_BEFORE_MS) return known;
      // Not of a clerk: where the clock of the gateway is set back it is valid again, and would restock.
      if (known && !(who in SCOPES_OF)) old.push(known);
      const exp = expiry();
      const token = { text: issuer.sign(claimsOf(who, exp)), expiresAt: exp * SECOND_MS };
      current.set(who, token);
      return token;
    },
    expired: () => old.findLast(({ expiresAt }) => expiresAt < time.now()),
    forged: (who) => {
      const claims = claimsOf(who, expiry());
      return [
        issuer.forge(claims),
        // Of a key that nobody knows the keys are fetched anew.
        issuer.forge(claims, 'unknown'),
        issuer.forge(claims, 'unknown'),
        issuer.sign({ ...claims, aud: 'somebody-else' }),
        issuer.sign({ ...claims, iss: 'https://other.example' }),
        `${unsigned({ ...claims, iss: 'https://issuer.example', aud: 'orders-api' })}.`,
      ];
    },
  };
};
