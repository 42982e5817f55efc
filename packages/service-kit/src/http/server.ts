import type { Operation } from '@order-pipeline/contracts';
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { AppError } from '../app-error.ts';
import type { Health } from '../health.ts';
import type { Metrics } from '../metrics.ts';
import { refuse, replyOf, type Reply, type Route } from '../reply.ts';
import type { Runtime } from '../runtime.ts';
import { continueTrace } from '../trace.ts';
import { compileValidator } from '../validation.ts';
import { openApiSchema } from './openapi-schema.ts';

/** The largest body that is read, in bytes. */
export const BODY_LIMIT_BYTES = 1_048_576;
const LONGEST_PATH_PARAMETER = 1_024;
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly registry: Registry;
  readonly health: Health;
}

/** What Fastify itself refuses, in our words. */
const frameworkRefusal = (error: FastifyError): AppError | undefined => {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON, sent as application/json');
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new AppError('BODY_TOO_LARGE', `The body may have ${BODY_LIMIT_BYTES} bytes at most`);
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new AppError('MALFORMED_JSON', 'The body is not well-formed JSON');
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new AppError('VALIDATION_FAILED', 'The path is not well-formed');
    default:
      if (error instanceof SyntaxError)
        return new AppError('MALFORMED_JSON', 'The body is not well-formed JSON');
      return undefined;
  }
};

const setValidation = (server: FastifyInstance): void => {
  server.setValidatorCompiler<object>(({ schema, httpPart }) => {
    const validate = compileValidator(schema, httpPart === 'body' ? 'json' : 'text');
    return (value: unknown) => {
      const problems = validate(value);
      if (problems.length === 0) return { value };
      const sentence = problems.map(({ field, message }) => `${field || httpPart} ${message}`).join('; ');
      return { error: new AppError('VALIDATION_FAILED', `Bad input: ${sentence}`, { details: problems }) };
    };
  });
};

/** JSON only, and an empty body counts as none, whatever its content type. */
const setBodyParsing = (server: FastifyInstance): void => {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else parse(request, body as string, done);
  });
};

const patternOf = (path: string): RegExp => new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`);

/** The methods that a path has, so that a wrong one is told from an unknown path. */
const createMethodFinder = (operations: readonly Operation[]) => {
  const paths = operations.map(({ method, path }) => ({ method, pattern: patternOf(path) }));
  return (path: string): string[] => [
    ...new Set(paths.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)),
  ];
};

const sendReply = (reply: FastifyReply, { status, body, headers }: Reply): FastifyReply =>
  reply
    .code(status)
    .headers(headers ?? {})
    .send(body);

const setErrors = (server: FastifyInstance, options: HttpServerOptions): void => {
  const methodsOf = createMethodFinder(options.routes.map(({ operation }) => operation));
  server.setErrorHandler<FastifyError>((error, request, reply) => {
    sendReply(reply, replyOf(frameworkRefusal(error) ?? error, request.log as Logger));
  });
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = methodsOf(path);
    const answer =
      methods.length > 0
        ? refuse('METHOD_NOT_ALLOWED', `${request.method} is not possible here, only ${methods.join(', ')}`)
        : refuse('ROUTE_NOT_FOUND', `There is nothing at ${request.method} ${path}`);
    if (methods.length > 0) reply.header('allow', methods.join(', '));
    return sendReply(reply, answer);
  });
};

const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

const setObservation = (server: FastifyInstance, { metrics }: HttpServerOptions): void => {
  const durations = metrics.histogram(
    'http_request_duration_seconds',
    'Time from the arrival of a request to the end of its answer',
    ['method', 'route', 'status'],
    DURATION_BUCKETS_S,
  );
  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  server.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    const status = String(reply.statusCode);
    durations.observe({ method: request.method, route, status }, reply.elapsedTime / 1_000);
    request.log.debug({ method: request.method, url: request.url, status }, 'answered a request');
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

const addRoute = (server: FastifyInstance, { operation, handle }: Route, runtime: Runtime): void => {
  const answer = async (request: FastifyRequest): Promise<Reply> => {
    const logger = request.log as Logger;
    try {
      return await handle(
        { params: request.params, query: request.query, body: request.body } as Parameters<
          Route['handle']
        >[0],
        { requestId: request.id, trace: continueTrace(request.headers.traceparent, runtime), logger },
      );
    } catch (error) {
      return replyOf(error, logger);
    }
  };
  server.route({
    method: operation.method,
    url: operation.path,
    schema: openApiSchema(operation),
    handler: async (request: FastifyRequest, reply: FastifyReply) => sendReply(reply, await answer(request)),
  });
};

const createFastify = ({ runtime, logger }: HttpServerOptions) =>
  fastify({
    loggerInstance: logger as FastifyBaseLogger,
    disableRequestLogging: true,
    requestIdLogLabel: 'requestId',
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : runtime.uuid();
    },
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: LONGEST_PATH_PARAMETER },
    frameworkErrors: (error, request, reply) => {
      sendReply(reply, replyOf(frameworkRefusal(error) ?? error, request.log as Logger));
    },
    clientErrorHandler: (error, socket) => {
      const body = JSON.stringify(refuse('VALIDATION_FAILED', 'This is not a well-formed HTTP request').body);
      if (error.code === 'ECONNRESET' || !socket.writable) return;
      const head = [
        'HTTP/1.1 400 Bad Request',
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
      ];
      socket.end(`${head.join('\r\n')}\r\nConnection: close\r\n\r\n${body}`);
    },
  });

/**
 * The HTTP server of a process: the operations of its services, the probes, the metrics. `configure` runs before the
 * routes are added, so that its hooks reach them.
 */
export const createHttpServer = async (
  options: HttpServerOptions,
  configure: (server: FastifyInstance) => Promise<void> = async () => undefined,
): Promise<FastifyInstance> => {
  const server = createFastify(options);
  setValidation(server);
  setBodyParsing(server);
  setErrors(server, options);
  setObservation(server, options);
  await configure(server);
  // In a plugin of their own, so that the hooks of the plugins above are in place when they are added.
  await server.register(async (scope) => {
    addProbes(scope, options);
    for (const route of options.routes) addRoute(scope, route, options.runtime);
  });
  return server;
};
