import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import type { Fetch } from '@order-pipeline/service-kit';
import { scheduleFaultKinds } from './fault-kinds.ts';
import { ISSUER_FAULTS, type IssuerFault } from './fault-names.ts';
import type { SimProcess } from './sim-process.ts';
import type { Stream } from './streams.ts';
import type { World } from './world.ts';

/** What a token says. */
export interface Claims {
  readonly sub: string;
  readonly scope: string;
  readonly exp: number;
  readonly iss?: string;
  readonly aud?: string;
}

/** The issuer of tokens, somewhere on the network. */
export interface SimIssuer {
  /** What the gateway is configured with. */
  readonly environment: Readonly<Record<string, string>>;
  /** Signs with the key that is in use. */
  sign(claims: Claims): string;
  /** Signs with a key that is not the issuer's, under the name of the one that is in use or of none. */
  forge(claims: Claims, kid?: string): string;
  /** How a process fetches its documents. */
  fetchFor(process: SimProcess): Fetch;
  /** Ends its faults. */
  comeBack(): void;
  /** Lets it be unreachable, and change its key, at moments that the seed says. */
  scheduleFaults(lengthMs: number): void;
}

type Trouble = 'refuses' | 'is silent' | 'fails';

interface Key {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

const URL_OF_ISSUER = 'https://issuer.example';
const AUDIENCE = 'orders-api';
const TRIP_MS = { min: 0.5, max: 20 };
const TROUBLES: readonly Trouble[] = ['refuses', 'is silent', 'fails'];
const TROUBLE_MS = { min: 500, max: 8_000 };
/** A key is published for so long before it is used: longer than the gateway goes without asking for unknown ones. */
const PUBLISHED_BEFORE_MS = 8_000;
const SHARE_OF_SEEDS = 0.7;
const MAX_PER_KIND = 2;

/** An Ed25519 key in PKCS #8 (RFC 8410, 7), before its 32 bytes. */
const PKCS8_HEAD = '302e020100300506032b657004220420';

const createKey = (stream: Stream, kid: string): Key => {
  const der = Buffer.from(`${PKCS8_HEAD}${stream.hex(32)}`, 'hex');
  return { kid, privateKey: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) };
};

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const signed = (kid: string, { privateKey }: Key, claims: Claims): string => {
  const whole = { iss: URL_OF_ISSUER, aud: AUDIENCE, ...claims };
  const text = `${encoded({ alg: 'EdDSA', kid, typ: 'at+jwt' })}.${encoded(whole)}`;
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
};

const published = ({ kid, privateKey }: Key) => ({
  ...createPublicKey(privateKey).export({ format: 'jwk' }),
  kid,
  alg: 'EdDSA',
  use: 'sig',
});

const answerOf = (body: unknown, status = 200): Awaited<ReturnType<Fetch>> => ({
  ok: status === 200,
  status,
  json: async () => body,
});

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the request was aborted')));
  });

export const createIssuer = (world: World): SimIssuer => {
  const { time, streams, trace } = world;
  const stream = streams('issuer/keys');
  const keys = [createKey(stream, 'key-0')];
  const foreign = createKey(stream, 'foreign');
  let inUse = keys[0] as Key;
  let trouble: Trouble | undefined;

  const documentAt = (url: string): unknown =>
    url.endsWith('/.well-known/openid-configuration')
      ? { issuer: URL_OF_ISSUER, jwks_uri: `${URL_OF_ISSUER}/keys` }
      : { keys: keys.map(published) };
  const strikes: Readonly<Record<IssuerFault, (chances: Stream) => void>> = {
    'issuer: unreachable': (chances) => {
      trouble = chances.pick(TROUBLES);
      time.after(chances.between(TROUBLE_MS.min, TROUBLE_MS.max), () => {
        trouble = undefined;
      });
    },
    'issuer: key rotated': () => {
      const next = createKey(stream, `key-${keys.length}`);
      keys.push(next);
      time.after(PUBLISHED_BEFORE_MS, () => {
        inUse = next;
      });
    },
  };
  return {
    environment: { AUTH_ISSUER: URL_OF_ISSUER, AUTH_AUDIENCE: AUDIENCE, RATE_LIMIT: 'off' },
    sign: (claims) => signed(inUse.kid, inUse, claims),
    forge: (claims, kid = inUse.kid) => signed(kid, foreign, claims),
    fetchFor: (process) => {
      const trips = streams(`${process.slot.id}/issuer`);
      const answer = async (url: string, signal: AbortSignal) => {
        await time.sleep(trips.between(TRIP_MS.min, TRIP_MS.max));
        trace(process.slot.id, `fetches ${url}`, { trouble });
        if (trouble === 'refuses') throw new TypeError('fetch failed');
        if (trouble === 'is silent') return aborted(signal);
        return trouble === 'fails' ? answerOf({}, 503) : answerOf(documentAt(url));
      };
      return (url, { signal }) => process.hear(answer(url, signal));
    },
    comeBack: () => {
      trouble = undefined;
    },
    scheduleFaults: (lengthMs) => {
      scheduleFaultKinds(world, lengthMs, {
        name: 'issuer-faults',
        kinds: ISSUER_FAULTS,
        shareOfSeeds: SHARE_OF_SEEDS,
        maxPerKind: MAX_PER_KIND,
        strike: (kind, chances) => strikes[kind](chances),
      });
    },
  };
};
