import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

/** An issuer of tokens on this machine. */
export interface TestIssuer {
  readonly url: string;
  readonly audience: string;
  /** How often its keys were fetched. */
  fetched(): number;
  /** Signs with the newest key; claims that are undefined are left out. */
  sign(claims?: Readonly<Record<string, unknown>>, header?: object): Promise<string>;
  /** Makes a new key, beside those that there are. */
  rotate(): Promise<void>;
  /** The public part of the newest key, as anybody can fetch it. */
  publicKey(): Promise<object>;
  /** From now on it answers with this status; 200: as it should. */
  answerWith(status: number): void;
  close(): Promise<void>;
}

export const AUDIENCE = 'orders-api';

export const startIssuer = async (): Promise<TestIssuer> => {
  const keys: { kid: string; pair: KeyPair }[] = [];
  let status = 200;
  let fetched = 0;
  const rotate = async (): Promise<void> => {
    keys.push({ kid: `key-${keys.length}`, pair: await generateKeyPair('ES256', { extractable: true }) });
  };
  const newest = () => {
    const key = keys.at(-1);
    if (!key) throw new Error('no key');
    return key;
  };
  const publicKeyOf = async ({ kid, pair }: (typeof keys)[number]) => ({
    ...(await exportJWK(pair.publicKey)),
    kid,
    alg: 'ES256',
    use: 'sig',
  });
  await rotate();
  const answer = async (path: string): Promise<unknown> => {
    if (path === '/.well-known/openid-configuration') return { issuer: url, jwks_uri: `${url}/keys` };
    fetched += 1;
    return { keys: await Promise.all(keys.map(publicKeyOf)) };
  };
  const server: Server = createServer((request, response) => {
    void answer(request.url ?? '').then((body) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    audience: AUDIENCE,
    fetched: () => fetched,
    rotate,
    publicKey: () => publicKeyOf(newest()),
    answerWith: (next) => {
      status = next;
    },
    sign: (claims = {}, header = {}) => {
      const now = Math.floor(Date.now() / 1_000);
      const whole = { iss: url, aud: AUDIENCE, sub: 'alice', iat: now, exp: now + 600, ...claims };
      return new SignJWT(whole)
        .setProtectedHeader({ alg: 'ES256', kid: newest().kid, typ: 'at+jwt', ...header })
        .sign(newest().pair.privateKey);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};
