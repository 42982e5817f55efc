import { BODY_LIMIT_BYTES } from '@order-pipeline/contracts';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyServerOptions,
} from 'fastify';
import type { Server } from 'node:https';
import type { Logger } from 'pino';
import type { Runtime } from '../runtime.ts';
import { MIN_TLS_VERSION } from '../tls/connecting.ts';
import type { Credentials } from '../tls/credentials.ts';
import { createTrust } from './client-address.ts';
import { answerClientError } from './framework-errors.ts';
import { compileInput } from './input-validation.ts';
import { OwnRequest } from './own-request.ts';
import { enterRequest, type EnterTrace } from './request-trace.ts';

/** Longer than Node lets all headers be: what an id may be says its schema. */
const MAX_PATH_PARAMETER_LENGTH = 65_536;
/** Where there is nothing. */
const MALFORMED_PATH = '/malformed-path';
/** The longest that a whole request may take to arrive. */
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECTION_CHECK_MS = 1_000;
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

export interface FastifyParts {
  readonly runtime: Pick<Runtime, 'uuid'>;
  readonly logger: Logger;
  /** Which trace a request belongs to. */
  readonly enterTrace: EnterTrace;
  /** How long a whole request may take to arrive; default 10 s. */
  readonly requestTimeoutMs?: number;
  /** The proxies whose `X-Forwarded-For` is believed, as ranges of addresses. */
  readonly trustedProxies: readonly string[];
  /** What it serves TLS with, and asks every client for; in the clear if not given. */
  readonly credentials?: Credentials | undefined;
}

/**
 * A path that cannot be decoded leads where there is nothing, because Fastify would refuse it without running any hook: it
 * is counted, measured and logged as all others are. Its own text stays in `originalUrl`.
 */
const wellFormedUrl = ({ url = '' }: { readonly url?: string | undefined }): string => {
  if (!url.includes('%')) return url;
  try {
    decodeURIComponent(url.split(/[?#]/, 1)[0] ?? '');
    return url;
  } catch {
    return MALFORMED_PATH;
  }
};

/**
 * The replies are built by us, to their schemas, and need no serializers of them. Both are given as factories, so that
 * Fastify does not even load those it brings: they would only cost the start time and memory.
 */
const schemaController = {
  compilersFactory: {
    buildValidator: () => compileInput,
    buildSerializer: () => () => (data: unknown) => JSON.stringify(data),
  },
  // Fastify's own type takes a validator's compiler for Ajv's, which it does not call as that.
} as unknown as NonNullable<FastifyServerOptions['schemaController']>;

/** A client without a certificate, or with one of somebody else's, is let in here: who may ask what is decided for each request. */
const tlsOptions = (credentials: Credentials) => ({
  ...credentials.current(),
  requestCert: true,
  rejectUnauthorized: false,
  minVersion: MIN_TLS_VERSION,
});

/** New connections are made with the credentials of that moment. */
const followCredentials = (server: FastifyInstance, credentials: Credentials): void => {
  const tlsServer = server.server as unknown as Server;
  const unfollow = credentials.onChange(() => tlsServer.setSecureContext(credentials.current()));
  tlsServer.once('close', unfollow);
};

/** Makes a Fastify that reads requests within our limits and knows nothing of what they ask. */
export const createFastify = ({
  runtime,
  logger,
  enterTrace,
  requestTimeoutMs = REQUEST_TIMEOUT_MS,
  trustedProxies,
  credentials,
}: FastifyParts): FastifyInstance => {
  const baseLogger: FastifyBaseLogger = logger;
  const http = {
    // Node would exchange the two limits if that for the headers were the longer one.
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(CONNECTION_CHECK_MS, requestTimeoutMs),
    // Node's own refusal has no body.
    requireHostHeader: false,
    IncomingMessage: OwnRequest,
  };
  const server = fastify({
    loggerInstance: baseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : runtime.uuid();
    },
    childLoggerFactory: (parent, bindings, options, raw) => {
      const { traceId, spanId } = enterRequest(raw, enterTrace).trace;
      // Written out: to copy what Fastify gives takes each request several microseconds.
      const own = { requestId: bindings['requestId'], traceId, spanId };
      // Options, even none, make pino look for each that it knows, which takes longer than all the rest.
      return Object.keys(options).length === 0 ? parent.child(own) : parent.child(own, options);
    },
    schemaController,
    bodyLimit: BODY_LIMIT_BYTES.none,
    requestTimeout: requestTimeoutMs,
    // Fastify's types make another server of this, which has all that ours is used for.
    ...(credentials ? { https: { ...http, ...tlsOptions(credentials) } as unknown as null } : { http }),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PATH_PARAMETER_LENGTH },
    rewriteUrl: wellFormedUrl,
    trustProxy: trustedProxies.length > 0 && createTrust(trustedProxies),
    clientErrorHandler: answerClientError,
  });
  if (credentials) followCredentials(server, credentials);
  return server;
};
