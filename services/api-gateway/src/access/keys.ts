import { unavailable, withTimeout, type Fetch, type Runtime } from '@order-pipeline/service-kit';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { RemoteIssuer } from './settings.ts';

const FETCH_TIMEOUT_MS = 1_500;
/** An unknown key has the keys fetched anew, but not more often than this, whatever tokens come. */
const COOLDOWN_MS = 5_000;
const MAX_AGE_MS = 600_000;

export interface KeysOptions {
  readonly runtime: Pick<Runtime, 'monotonic' | 'after'>;
  /** Default: that of Node.js. */
  readonly fetch?: Fetch | undefined;
  /** How long an unknown key has to wait after the last fetch. */
  readonly cooldownMs?: number | undefined;
}

/** The keys as they were fetched. */
interface Fetched {
  readonly keyOf: JWTVerifyGetKey;
  /** Keys that were published later are not among them. */
  readonly askedAt: number;
}

type FetchJson = (url: string) => Promise<unknown>;

const createFetchJson =
  ({ runtime, fetch: fetchDocument = fetch }: KeysOptions): FetchJson =>
  (url) => {
    const late = new AbortController();
    const ask = async (): Promise<unknown> => {
      const response = await fetchDocument(url, { redirect: 'error', signal: late.signal });
      if (!response.ok) throw new Error(`${url} is answered with ${response.status}`);
      return response.json();
    };
    return withTimeout(runtime, FETCH_TIMEOUT_MS, ask(), () => {
      late.abort();
      return new Error(`${url} is not answered in ${FETCH_TIMEOUT_MS} ms`);
    });
  };

/** OpenID Connect Discovery 1.0, 4: the document is the issuer's own, so it has to name the issuer. */
const discover = async ({ name: url }: RemoteIssuer, fetchJson: FetchJson): Promise<string> => {
  const document = await fetchJson(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const { issuer, jwks_uri: keysUrl } = document as Record<string, unknown>;
  if (issuer !== url) throw new Error('the discovery document is that of another issuer');
  if (typeof keysUrl !== 'string' || !URL.canParse(keysUrl))
    throw new Error('the discovery document names no keys');
  return keysUrl;
};

/** Fetches the keys, once at a time: who asks meanwhile gets the same. */
const createFetching = (issuer: RemoteIssuer, options: KeysOptions): (() => Promise<Fetched>) => {
  const fetchJson = createFetchJson(options);
  let keysUrl = issuer.jwksUrl;
  let underWay: Promise<Fetched> | undefined;
  const fetchNow = async (): Promise<Fetched> => {
    keysUrl ??= await discover(issuer, fetchJson);
    const askedAt = options.runtime.monotonic();
    return { keyOf: createLocalJWKSet((await fetchJson(keysUrl)) as JSONWebKeySet), askedAt };
  };
  const fetchAgain = async (): Promise<Fetched> => {
    try {
      return await fetchNow();
    } catch (error) {
      throw unavailable('Tokens cannot be verified now, try again in a moment', error);
    } finally {
      underWay = undefined;
    }
  };
  return () => (underWay ??= fetchAgain());
};

/**
 * The issuer's keys, fetched when they are first needed, again after ten minutes, and when a token names one that is not
 * among them: so keys are rotated without a restart. jose fetches keys too, but measures their age by the wall clock: one that
 * is set back by a day would keep a new key away for a day.
 *
 * @throws AppError UNAVAILABLE from what is returned, while the issuer's keys cannot be had
 */
export const createKeys = (issuer: RemoteIssuer, options: KeysOptions): JWTVerifyGetKey => {
  const { runtime, cooldownMs = COOLDOWN_MS } = options;
  const fetchKeys = createFetching(issuer, options);
  let fetched: Fetched | undefined;
  const isYounger = ({ askedAt }: Fetched, ms: number): boolean => runtime.monotonic() - askedAt < ms;
  return async (header, token) => {
    const known = fetched && isYounger(fetched, MAX_AGE_MS) ? fetched : (fetched = await fetchKeys());
    try {
      return await known.keyOf(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || isYounger(known, cooldownMs)) throw error;
    }
    fetched = await fetchKeys();
    return fetched.keyOf(header, token);
  };
};
