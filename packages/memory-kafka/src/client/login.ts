import type { KafkaConfig, Logger, SASLOptions } from 'kafkajs';
import SaslAuthenticator from 'kafkajs/src/broker/saslAuthenticator/index.js';
import type { SaslRequest, SaslResponse } from 'kafkajs/src/broker/saslAuthenticator/index.js';
import { ANONYMOUS } from '../broker/acls.ts';
import type { Core } from '../broker/core.ts';
import type { SaslSession } from '../broker/sasl.ts';
import { codeOfType } from '../wire/codes.ts';
import type { Codec } from '../wire/codec.ts';
import {
  saslAuthenticateRequest,
  saslAuthenticateResponse,
  saslHandshakeRequest,
  saslHandshakeResponse,
} from '../wire/messages/security.ts';
import { createReader } from '../wire/reader.ts';
import { createWriter } from '../wire/writer.ts';
import type { Network } from './network.ts';
import { inTime } from './request-timeout.ts';

/** Who has logged in, and when to do so again. */
export interface LoggedIn {
  /** Undefined if the client has nothing to log in with. */
  readonly user: string | undefined;
  /** By the cluster's clock, in milliseconds of its `monotonic()`; Infinity for never. */
  readonly dueAt: number;
}

/** Logs in on a connection, or once more. Rejects as kafkajs does. */
export type Login = (to: Core, session: SaslSession) => Promise<LoggedIn>;

export interface LoginOptions {
  readonly sasl: KafkaConfig['sasl'];
  /** How long before the end of a session the client logs in again, in milliseconds. */
  readonly reauthenticationThreshold: number;
  readonly clientId: string;
  readonly network: Network;
  readonly logger: Logger;
  /** How long the client waits for an answer, in milliseconds; Infinity for as long as it takes. */
  readonly requestTimeoutMs: number;
}

/** kafkajs's own authenticators encode requests and decode answers; these are the versions that it uses. */
const FORM = { version: 1, flexible: false };
const VERSIONS = { 17: { minVersion: 0, maxVersion: 1 }, 36: { minVersion: 0, maxVersion: 1 } };

const decoded = <T>(codec: Codec<T>, bytes: Buffer): T => codec.read(createReader(bytes), FORM);

const encoded = <T>(codec: Codec<T>, answer: T): Buffer => {
  const writer = createWriter();
  codec.write(writer, answer, FORM);
  return writer.buffer();
};

const answerTo = (session: SaslSession, name: string, bytes: Buffer): Buffer => {
  if (name === 'SaslHandshake') {
    const { refusal, mechanisms } = session.handshake(decoded(saslHandshakeRequest, bytes).mechanism);
    return encoded(saslHandshakeResponse, { errorCode: codeOfType(refusal), mechanisms });
  }
  const answer = session.authenticate(decoded(saslAuthenticateRequest, bytes).authBytes);
  return encoded(saslAuthenticateResponse, {
    errorCode: codeOfType(answer.refusal),
    errorMessage: answer.message,
    authBytes: answer.bytes,
    sessionLifetimeMs: answer.lifetimeMs,
  });
};

const isMechanism = (sasl: KafkaConfig['sasl']): sasl is SASLOptions => Boolean(sasl);

/** The login of one client: by kafkajs's own code, with the requests that it makes over TCP. */
export const createLogin =
  ({ sasl, reauthenticationThreshold, clientId, network, logger, requestTimeoutMs }: LoginOptions): Login =>
  async (to, session) => {
    if (!isMechanism(sasl)) return { user: undefined, dueAt: Infinity };
    const principal = { name: `User:${ANONYMOUS}`, host: '' };
    const send = async ({ request, response }: { request: SaslRequest; response: SaslResponse }) => {
      const { apiName: name } = request;
      const { buffer } = await request.encode();
      await to.nextTurn();
      const sent = network.send(to.clock, name);
      try {
        const passed = to.gate.pass({ name, clientId, principal }, () => answerTo(session, name, buffer));
        const answer =
          passed instanceof Promise ? await inTime(passed, requestTimeoutMs, to.clock, sent) : passed;
        const parsed = await response.parse(await response.decode(answer));
        sent.end();
        return parsed;
      } catch (error) {
        sent.end(error);
        throw error;
      }
    };
    // It adds what it has found to be the provider.
    const connection = { sasl: { ...sasl }, ...to.address(), send };
    const authenticator = new SaslAuthenticator(connection, logger.namespace('Connection'), VERSIONS, true);
    await authenticator.authenticate();
    const lifetimeMs = Number(authenticator.sessionLifetime);
    const dueInMs = lifetimeMs === 0 ? Infinity : lifetimeMs - reauthenticationThreshold;
    return { user: session.user(), dueAt: to.clock.monotonic() + dueInMs };
  };
