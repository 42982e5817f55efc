import {
  BODY_LIMIT_BYTES,
  bodyLimitOf,
  Calls,
  CALLS_PATH,
  type Actor,
  type Call,
  type Input,
  type Operation,
} from '@order-pipeline/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { answerCall, refuse, type Reply, type Route } from '../reply.ts';
import type { Runtime } from '../runtime.ts';
import { answered } from '../tracing/index.ts';
import { bodyTooLarge } from './framework-errors.ts';
import { isLargerThan } from './body-size.ts';
import type { CallerCheck } from './callers.ts';
import { nameOfOperation } from './calls.ts';
import { compileInputCheck } from './input-validation.ts';
import type { Observe } from './observation.ts';
import type { EnterTrace } from './request-trace.ts';

export interface CallsRouteParts {
  readonly routes: readonly Route[];
  readonly runtime: Pick<Runtime, 'monotonic'>;
  readonly logger: Logger;
  readonly observe: Observe;
  readonly enterTrace: EnterTrace;
  /** Who asks, as a call says it. */
  readonly actorFrom: (request: FastifyRequest, text: string | undefined) => Actor;
  /** Decides which services may call, where they prove themselves. */
  readonly callers: CallerCheck | undefined;
}

type Answer = (request: FastifyRequest, call: Call) => Promise<Reply>;

const createAnswer = (
  { operation, handle }: Route,
  { runtime, logger, observe, enterTrace, actorFrom }: CallsRouteParts,
): Answer => {
  const check = compileInputCheck(operation);
  const limitBytes = bodyLimitOf(operation);
  const checked: Route['handle'] = async (input, call) => {
    if (input.body !== undefined && isLargerThan(limitBytes, input.body)) throw bodyTooLarge(limitBytes);
    check(input);
    return handle(input, call);
  };
  return async (request, { requestId, traceparent, actor: text, params, query, headers, body }) => {
    const since = runtime.monotonic();
    const { trace, span } = enterTrace(traceparent, operation.method);
    const input = { params, query, headers, body } as Input<Operation>;
    const { traceId, spanId } = trace;
    const bound = logger.child({ requestId, traceId, spanId });
    const context = { requestId, trace, actor: actorFrom(request, text), logger: bound };
    const reply = await answerCall(checked, input, context);
    span?.end(answered(operation, reply.status));
    observe(operation.method, operation.path, reply.status, runtime.monotonic() - since, span?.trace);
    return reply;
  };
};

/** Where other services make several calls of one operation at once. Each has its own reply, as if it had come alone. */
export const addCallsRoute = (server: FastifyInstance, parts: CallsRouteParts): void => {
  const { callers } = parts;
  const routeOf = new Map(parts.routes.map((route) => [nameOfOperation(route.operation), route]));
  const answers = new Map<Route, Answer>();
  const answerOf = (route: Route): Answer => {
    const answer = answers.get(route) ?? createAnswer(route, parts);
    answers.set(route, answer);
    return answer;
  };
  server.post<{ Body: Calls }>(
    CALLS_PATH,
    {
      schema: { hide: true, body: Calls },
      bodyLimit: BODY_LIMIT_BYTES.batch,
      // Which operation it is stands in the body, which is not read for everybody.
      onRequest: async (request) => callers?.check(request),
    },
    async (request, reply) => {
      const { operation, calls } = request.body;
      const route = routeOf.get(operation);
      if (!route) {
        const { status, body } = refuse('ROUTE_NOT_FOUND', `There is no ${operation} here`);
        return reply.code(status).send(body);
      }
      // All of them are of this operation.
      callers?.check(request, route.operation);
      const answer = answerOf(route);
      return { replies: await Promise.all(calls.map((call) => answer(request, call))) };
    },
  );
};
