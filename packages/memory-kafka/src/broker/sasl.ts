import type { Clock } from '../clock.ts';
import type { ProtocolErrorType } from '../protocol-errors.ts';
import type { Surroundings } from '../retry.ts';
import {
  AuthenticationFailure,
  beginExchange,
  enabledMechanisms,
  SASL_MECHANISMS,
  type SaslExchange,
  type SaslOptions,
} from './mechanisms.ts';

/** What the broker answers to one request of a login. */
export interface SaslAnswer {
  readonly refusal?: ProtocolErrorType;
  /** The broker's words for the refusal. */
  readonly message: string | null;
  readonly bytes: Buffer;
  /** Once a login is complete, for how many milliseconds; 0 for ever, and as long as it is not. */
  readonly lifetimeMs: number;
}

/** The login of one connection. */
export interface SaslSession {
  /** Who has logged in; undefined as long as nobody has, and while somebody does so again. */
  user(): string | undefined;
  /** Whether the time is over in which the client had to log in again; then the broker answers nothing but a login. */
  isExpired(): boolean;
  /** After a refusal the broker closes the connection. */
  isRefused(): boolean;
  /** Begins a login, or one more of who has logged in, by a mechanism; answers the names of those that are enabled. */
  handshake(mechanism: string): { readonly refusal?: ProtocolErrorType; readonly mechanisms: string[] };
  authenticate(bytes: Buffer): SaslAnswer;
}

/** Where clients log in. */
export interface Sasl {
  openSession(): SaslSession;
}

const NOTHING = Buffer.alloc(0);

const refused = (refusal: ProtocolErrorType, message: string): SaslAnswer => ({
  refusal,
  message,
  bytes: NOTHING,
  lifetimeMs: 0,
});

const NO_HANDSHAKE = 'SaslAuthenticate request received without a handshake';

/** One more login cannot make somebody else of a connection. Throws AuthenticationFailure. */
const checkSame = (before: string | undefined, user: string): void => {
  if (before === undefined || before === user) return;
  throw new AuthenticationFailure(
    `Cannot change principals during re-authentication from User.${before}: User.${user}`,
  );
};

const openSession = (
  options: SaslOptions,
  { clock, randomBytes }: { clock: Clock; randomBytes: (count: number) => Buffer },
): SaslSession => {
  const mechanisms = enabledMechanisms(options);
  const { maxReauthMs = 0 } = options;
  let exchange: SaslExchange | undefined;
  let user: string | undefined;
  let expiresAt = Infinity;
  let isRefused = false;
  const advance = (bytes: Buffer): SaslAnswer => {
    if (exchange === undefined) {
      isRefused = true;
      return refused('ILLEGAL_SASL_STATE', NO_HANDSHAKE);
    }
    try {
      const step = exchange(bytes);
      if (step.user === undefined) return { message: null, bytes: step.bytes, lifetimeMs: 0 };
      checkSame(user, step.user);
      user = step.user;
      exchange = undefined;
      if (maxReauthMs > 0) expiresAt = clock.monotonic() + maxReauthMs;
      return { message: null, bytes: step.bytes, lifetimeMs: maxReauthMs };
    } catch (error) {
      if (!(error instanceof AuthenticationFailure)) throw error;
      isRefused = true;
      return refused('SASL_AUTHENTICATION_FAILED', error.message);
    }
  };
  return {
    user: () => (exchange === undefined ? user : undefined),
    isExpired: () => clock.monotonic() >= expiresAt,
    isRefused: () => isRefused,
    handshake: (name) => {
      const names = mechanisms.map((each) => each.toUpperCase());
      const chosen = mechanisms.find((each) => each.toUpperCase() === name);
      isRefused = chosen === undefined;
      if (chosen === undefined) return { refusal: 'UNSUPPORTED_SASL_MECHANISM', mechanisms: names };
      exchange = beginExchange(options, chosen, randomBytes);
      return { mechanisms: names };
    },
    authenticate: advance,
  };
};

const BYTE_VALUES = 256;

/**
 * Where the users log in that `options` name. Throws TypeError for a mechanism that there is not, and for a time that is none.
 */
export const createSasl = (options: SaslOptions, { clock, random }: Surroundings): Sasl => {
  const unknown = options.mechanisms?.find((each) => !SASL_MECHANISMS.includes(each));
  if (unknown !== undefined) {
    throw new TypeError(`${JSON.stringify(unknown)} is none of ${SASL_MECHANISMS.join(', ')}`);
  }
  const { maxReauthMs = 0 } = options;
  if (!(maxReauthMs >= 0)) throw new TypeError(`maxReauthMs cannot be ${maxReauthMs}`);
  const randomBytes = (count: number): Buffer =>
    Buffer.from(Array.from({ length: count }, () => Math.floor(random() * BYTE_VALUES)));
  return { openSession: () => openSession(options, { clock, randomBytes }) };
};
