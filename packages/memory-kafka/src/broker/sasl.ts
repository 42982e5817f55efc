import type { ProtocolErrorType } from '../protocol-errors.ts';
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
}

/** The login of one connection. */
export interface SaslSession {
  /** Who has logged in; undefined as long as nobody has. */
  user(): string | undefined;
  /** After a refusal the broker closes the connection. */
  isRefused(): boolean;
  /** Begins a login by a mechanism; answers the names of those that are enabled. */
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
});

const NO_HANDSHAKE = 'SaslAuthenticate request received without a handshake';

const openSession = (options: SaslOptions, randomBytes: (count: number) => Buffer): SaslSession => {
  const mechanisms = enabledMechanisms(options);
  let exchange: SaslExchange | undefined;
  let user: string | undefined;
  let isRefused = false;
  const advance = (bytes: Buffer): SaslAnswer => {
    if (exchange === undefined) {
      isRefused = true;
      return refused('ILLEGAL_SASL_STATE', NO_HANDSHAKE);
    }
    try {
      const step = exchange(bytes);
      user = step.user;
      return { message: null, bytes: step.bytes };
    } catch (error) {
      if (!(error instanceof AuthenticationFailure)) throw error;
      isRefused = true;
      return refused('SASL_AUTHENTICATION_FAILED', error.message);
    }
  };
  return {
    user: () => user,
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
 * Where the users log in that `options` name. `random` answers from 0 (included) to 1 (excluded). Throws TypeError for a
 * mechanism that there is not.
 */
export const createSasl = (options: SaslOptions, random: () => number): Sasl => {
  const unknown = options.mechanisms?.find((each) => !SASL_MECHANISMS.includes(each));
  if (unknown !== undefined) {
    throw new TypeError(`${JSON.stringify(unknown)} is none of ${SASL_MECHANISMS.join(', ')}`);
  }
  const randomBytes = (count: number): Buffer =>
    Buffer.from(Array.from({ length: count }, () => Math.floor(random() * BYTE_VALUES)));
  return { openSession: () => openSession(options, randomBytes) };
};
