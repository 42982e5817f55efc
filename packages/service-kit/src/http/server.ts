import fastify, {
  type FastifyBaseLogger,
  LogController,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { AppError } from '../app-error.ts';
import type { Health } from '../health.ts';
import type { Metrics } from '../metrics.ts';
import { answerCall, replyOf, type Reply, type Route } from '../reply.ts';
import type { Runtime } from '../runtime.ts';
import { continueTrace } from '../trace.ts';
import { BODY_LIMIT_BYTES, answerClientError, frameworkRefusal } from './framework-errors.ts';
import { addCallsRoute, type CallsRouteParts } from './calls-route.ts';
import { checkNoBody, compileInput } from './input-validation.ts';
import { createNotFoundAnswer } from './not-found.ts';
import { openApiSchema } from './openapi-schema.ts';

const LONGEST_PATH_PARAMETER = 1_024;
/** The longest that a whole request may take to arrive. */
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECTION_CHECK_MS = 1_000;
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly registry: Registry;
  readonly health: Health;
  /** Whether other services ask here, and may ask several calls at once; never where clients do. */
  readonly takesCalls: boolean;
  /** How long a whole request may take to arrive; default 10 s. */
  readonly requestTimeoutMs?: number;
}

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

/** JSON only, and an empty body counts as none, whatever its content type. */
const setBodyParsing = (server: FastifyInstance): void => {
  // A key like `__proto__` stays a field like any other, which the schemas refuse by its name.
  const parse = server.getDefaultJsonParser('ignore', 'ignore');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parse(request, body as string, done);
  });
};

const sendReply = (reply: FastifyReply, { status, body, headers }: Reply): FastifyReply =>
  reply
    .code(status)
    .headers(headers ?? {})
    .send(body);

const setErrors = (server: FastifyInstance): void => {
  const notFound = createNotFoundAnswer(server);
  server.setErrorHandler<FastifyError>((error, request, reply) => {
    sendReply(reply, replyOf(frameworkRefusal(error) ?? error, request.log as Logger));
  });
  server.setNotFoundHandler((request, reply) => sendReply(reply, notFound(request)));
  server.addHook('onRequest', ({ headers, raw }, _, done) => {
    const missing = headers.host === undefined && raw.httpVersion !== '1.0';
    done(missing ? new AppError('VALIDATION_FAILED', 'The Host header is missing') : undefined);
  });
  // An expectation that Node does not know it would refuse without a body; it may as well be ignored.
  server.server.on('checkExpectation', (request, response) =>
    server.server.emit('request', request, response),
  );
  // Before the body is read: what is nowhere is not refused for its body.
  server.addHook('preParsing', (request, reply, _, done) => {
    if (request.is404) void sendReply(reply, notFound(request));
    else done();
  });
};

const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

const createObserve = ({ metrics }: HttpServerOptions): CallsRouteParts['observe'] => {
  const durations = metrics.histogram(
    'http_request_duration_seconds',
    'Time from the arrival of a request to the end of its answer',
    ['method', 'route', 'status'],
    DURATION_BUCKETS_S,
  );
  return (method, route, status, ms) =>
    durations.observe({ method, route, status: String(status) }, ms / 1_000);
};

const setObservation = (server: FastifyInstance, observe: CallsRouteParts['observe']): void => {
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  server.addHook('onResponse', ({ method, url, routeOptions, log }, { statusCode, elapsedTime }, done) => {
    observe(method, routeOptions.url ?? 'unknown', statusCode, elapsedTime);
    log.debug({ method, url, status: String(statusCode) }, 'answered a request');
    done();
  });
};

const addProbes = (server: FastifyInstance, { health, registry }: HttpServerOptions): void => {
  // They stay out of the OpenAPI document: it is for clients.
  const hidden = { schema: { hide: true } as object };
  server.get('/health/live', hidden, async () => ({ status: 'live' }));
  server.get('/health/ready', hidden, async (_, reply) => {
    const readiness = await health.readiness();
    if (readiness.status !== 'ready') reply.code(503).header('retry-after', '1');
    return readiness;
  });
  server.get('/metrics', hidden, async (_, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
};

const refuseBody = async ({ body }: FastifyRequest): Promise<void> => checkNoBody(body);

const addRoute = (server: FastifyInstance, { operation, handle }: Route, runtime: Runtime): void => {
  const answer = (request: FastifyRequest): Promise<Reply> => {
    const { id: requestId, params, query, body, headers } = request;
    const trace = continueTrace(headers.traceparent, runtime);
    const input = { params, query, body } as Parameters<Route['handle']>[0];
    return answerCall(handle, input, { requestId, trace, logger: request.log as Logger });
  };
  server.route({
    method: operation.method,
    url: operation.path,
    schema: openApiSchema(operation),
    ...(operation.body ? {} : { preValidation: refuseBody }),
    handler: async (request: FastifyRequest, reply: FastifyReply) => sendReply(reply, await answer(request)),
  });
};

const createFastify = ({ runtime, logger, requestTimeoutMs = REQUEST_TIMEOUT_MS }: HttpServerOptions) => {
  const baseLogger: FastifyBaseLogger = logger;
  return fastify({
    loggerInstance: baseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : runtime.uuid();
    },
    schemaController,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: requestTimeoutMs,
    http: {
      // Node would exchange the two limits if that for the headers were the longer one.
      headersTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(CONNECTION_CHECK_MS, requestTimeoutMs),
      // Node's own refusal has no body.
      requireHostHeader: false,
    },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: LONGEST_PATH_PARAMETER },
    frameworkErrors: (error, request, reply) => {
      // No hook runs for these.
      reply.header('x-request-id', request.id);
      sendReply(reply, replyOf(frameworkRefusal(error) ?? error, request.log as Logger));
    },
    clientErrorHandler: answerClientError,
  });
};

/**
 * The HTTP server of a process: the operations of its services, the probes, the metrics. `configure` runs before the
 * routes are added, so that its hooks reach them.
 */
export const createHttpServer = async (
  options: HttpServerOptions,
  configure: (server: FastifyInstance) => Promise<void> = async () => undefined,
): Promise<FastifyInstance> => {
  const server = createFastify(options);
  setBodyParsing(server);
  setErrors(server);
  const observe = createObserve(options);
  setObservation(server, observe);
  await configure(server);
  // In a plugin of their own, so that the hooks of the plugins above are in place when they are added.
  await server.register(async (scope) => {
    addProbes(scope, options);
    for (const route of options.routes) addRoute(scope, route, options.runtime);
    if (options.takesCalls) addCallsRoute(scope, { ...options, observe });
  });
  return server;
};
