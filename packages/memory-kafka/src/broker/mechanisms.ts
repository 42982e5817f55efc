import { isProofOf, scramAttributes, scramCredentials, scramName, serverSignature } from './scram.ts';
import type { ScramCredentials, ScramHash } from './scram.ts';

/** The mechanisms by which a client can authenticate, as kafkajs's `sasl.mechanism` names them. */
export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const;

export type SaslMechanism = (typeof SASL_MECHANISMS)[number];

/** Who may log in to a cluster, and how. */
export interface SaslOptions {
  /** The passwords, by the names of the users. */
  readonly users?: Readonly<Record<string, string>>;
  /** Those that are enabled; those of passwords if not given, and `oauthbearer` with a function of that name. */
  readonly mechanisms?: readonly SaslMechanism[];
  /** The user whose token this is; undefined for one that is not accepted. */
  readonly oauthBearer?: (token: string) => string | undefined;
  /** Milliseconds after which a connection has to log in again, as `connections.max.reauth.ms`; never if 0 or not given. */
  readonly maxReauthMs?: number;
}

/** Why a login is refused, in Kafka's words. */
export class AuthenticationFailure extends Error {}

/** What the broker answers, and who has logged in as soon as that is known. */
export interface SaslStep {
  readonly bytes: Buffer;
  readonly user?: string;
}

/** One login: takes what a client sends. Throws AuthenticationFailure. */
export type SaslExchange = (bytes: Buffer) => SaslStep;

const NOTHING = Buffer.alloc(0);

const wrongPassword = () => new AuthenticationFailure('Authentication failed: Invalid username or password');

/** What Kafka says of every other kind of failure. */
const invalidCredentials = (mechanism: string) =>
  new AuthenticationFailure(
    `Authentication failed during authentication due to invalid credentials with SASL mechanism ${mechanism}`,
  );

const plain =
  ({ users = {} }: SaslOptions): SaslExchange =>
  (bytes) => {
    const [authorizationId = '', user = '', password] = bytes.toString().split('\0');
    if (!Object.hasOwn(users, user) || users[user] !== password) throw wrongPassword();
    if (authorizationId !== '' && authorizationId !== user) {
      throw new AuthenticationFailure(
        'Authentication failed: Client requested an authorization id that is different from username',
      );
    }
    return { bytes: NOTHING, user };
  };

interface ScramFirst {
  readonly user: string;
  readonly nonce: string;
  readonly credentials: ScramCredentials;
  /** The first message of each side, without the client's header. */
  readonly messages: string;
}

const CLIENT_FIRST = /^n,(?:a=[^,]*)?,(n=.*)$/;

const scram = (
  { users = {} }: SaslOptions,
  hash: ScramHash,
  mechanism: string,
  random: (bytes: number) => Buffer,
): SaslExchange => {
  let first: ScramFirst | undefined;

  const answerFirst = (message: string): SaslStep => {
    const [, bare = ''] = CLIENT_FIRST.exec(message) ?? [];
    const attributes = scramAttributes(bare);
    const user = scramName(attributes.get('n') ?? '');
    const password = Object.hasOwn(users, user) ? users[user] : undefined;
    if (password === undefined) throw invalidCredentials(mechanism);
    const credentials = scramCredentials(hash, password, random(16));
    const nonce = `${attributes.get('r')}${random(18).toString('base64url')}`;
    const answer = `r=${nonce},s=${credentials.salt.toString('base64')},i=${credentials.iterations}`;
    first = { user, nonce, credentials, messages: `${bare},${answer}` };
    return { bytes: Buffer.from(answer) };
  };

  const answerFinal = ({ user, nonce, credentials, messages }: ScramFirst, message: string): SaslStep => {
    const end = message.lastIndexOf(',p=');
    const authMessage = `${messages},${message.slice(0, end)}`;
    const proof = Buffer.from(message.slice(end + 3), 'base64');
    // librdkafka 2.0 writes its own nonce twice, and Kafka looks at the end alone.
    const isSame = scramAttributes(message).get('r')?.endsWith(nonce) === true;
    if (!isSame || !isProofOf(hash, credentials, { authMessage, proof })) throw invalidCredentials(mechanism);
    return { bytes: Buffer.from(`v=${serverSignature(hash, credentials, authMessage)}`), user };
  };

  return (bytes) =>
    first === undefined ? answerFirst(bytes.toString()) : answerFinal(first, bytes.toString());
};

const BEARER = 'auth=Bearer ';
/** Kafka does not refuse a token at once: the client is to answer with one byte before it is. */
const INVALID_TOKEN = Buffer.from('{"status":"invalid_token"}');

const bearer = ({ oauthBearer }: SaslOptions, mechanism: string): SaslExchange => {
  let isRefused = false;
  return (bytes) => {
    if (isRefused) throw invalidCredentials(mechanism);
    const fields = bytes.toString().split('\u0001');
    const token = fields.find((field) => field.startsWith(BEARER))?.slice(BEARER.length) ?? '';
    const user = oauthBearer?.(token);
    isRefused = user === undefined;
    return user === undefined ? { bytes: INVALID_TOKEN } : { bytes: NOTHING, user };
  };
};

/** The mechanisms that are enabled. */
export const enabledMechanisms = ({ users, mechanisms, oauthBearer }: SaslOptions): SaslMechanism[] =>
  mechanisms === undefined
    ? SASL_MECHANISMS.filter((each) => (each === 'oauthbearer' ? oauthBearer : users) !== undefined)
    : [...mechanisms];

/** Begins a login. */
export const beginExchange = (
  options: SaslOptions,
  mechanism: SaslMechanism,
  random: (bytes: number) => Buffer,
): SaslExchange => {
  const name = mechanism.toUpperCase();
  if (mechanism === 'plain') return plain(options);
  if (mechanism === 'oauthbearer') return bearer(options, name);
  return scram(options, mechanism === 'scram-sha-256' ? 'sha256' : 'sha512', name, random);
};
