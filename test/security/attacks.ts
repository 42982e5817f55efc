import { createHmac } from 'node:crypto';
import type { ErrorBody } from '@order-pipeline/contracts';
import { DEV_AUDIENCE, DEV_ISSUER } from '@order-pipeline/dev-issuer';
import { useFixture } from '@order-pipeline/testing/fixtures';
import { connect } from 'node:net';
import { unique, type Answer, type Gateway } from '../gateway.ts';
import { startSecuredSystem, type SecuredSystem } from './secured-system.ts';

/** What the attacks are on: a shop with a victim's order that waits. */
export interface Scene {
  readonly victim: string;
  readonly attacker: string;
  readonly itemId: string;
  readonly orderId: string;
  /** May all that a shop's own programs may. */
  readonly shop: Gateway;
  /** A customer with every scope that customers get. */
  readonly mallory: Gateway;
  readonly malloryToken: string;
}

export const UNITS = 1_000;

const setScene = async (secured: SecuredSystem): Promise<Scene> => {
  const [victim, attacker] = [unique('victim'), unique('mallory')];
  const [itemId, orderId] = [unique('item'), unique('order')];
  const shop = await secured.as(
    'shop',
    'users:write.any',
    'users:read.any',
    'catalog:write',
    'orders:write.any',
    'orders:read.any',
  );
  for (const userId of [victim, attacker]) await shop.addUser(userId);
  await shop.addItem(itemId, UNITS);
  await shop.place(orderId, victim, { [itemId]: 1 });
  const malloryToken = await secured.tokenFor(attacker, 'users:write', 'orders:write');
  return { victim, attacker, itemId, orderId, shop, malloryToken, mallory: secured.bearing(malloryToken) };
};

/** A secured system in which no order moves by itself, and the scene of an attack, for the tests of this file. */
export const useScene = (): { readonly secured: SecuredSystem; readonly scene: Scene } => {
  const secured = useFixture(
    () => startSecuredSystem({ environment: { WORKFLOW_INTERVAL_MS: '60000' } }),
    ({ stop }) => stop(),
  );
  return { secured, scene: useFixture(() => setScene(secured)) };
};

export const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const JSON_BODY = { 'content-type': 'application/json' };

/** Sends a body as it is. */
export const send = (client: Gateway, path: string, body: string, headers = {}): Promise<Answer> =>
  client.send('POST', path, { ...JSON_BODY, ...headers }, body);

/** The status and the code of an answer, which is all that it may reveal. */
export const outcome = ({ status, body }: Answer): readonly [number, string | undefined] => [
  status,
  (body as Partial<ErrorBody> | undefined)?.code,
];

/** The claims of a token that the issuer could have made for somebody. */
export const claimsFor = (userId: string, more: object = {}): object => {
  const now = Math.floor(Date.now() / 1_000);
  const scope = 'orders:read.any orders:cancel.any ops:read ops:write';
  return { iss: DEV_ISSUER, aud: DEV_AUDIENCE, sub: userId, scope, iat: now, exp: now + 600, ...more };
};

/** A token that is signed with a secret that everybody knows. */
export const hmacToken = (head: object, claims: object, secret: string): string => {
  const text = `${part(head)}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};

/** Writes bytes to the gateway, and answers the status line that comes back. */
export const raw = (url: string, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let answer = '';
    socket.setTimeout(10_000, () => socket.destroy(new Error('nothing came back')));
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (!answer.includes('\r\n')) return;
      socket.destroy();
      resolve(answer.split('\r\n', 1)[0] ?? '');
    });
    socket.on('end', () => resolve(answer.split('\r\n', 1)[0] ?? ''));
  });
