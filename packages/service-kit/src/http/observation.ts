import type { FastifyInstance, FastifyReply, FastifyRequest, onSendHookHandler } from 'fastify';
import { Readable } from 'node:stream';
import type { Metrics } from '../metrics.ts';
import type { Trace } from '../trace.ts';
import { answered } from '../tracing/index.ts';
import { targetOf } from './own-request.ts';
import { traceOf } from './request-trace.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether it answers an operation, and not a probe or a file. */
    isOperation?: boolean;
  }
  interface FastifyReply {
    /** How long the request was held on purpose, in milliseconds: no part of the time that the answer took. */
    heldMs: number;
    /** Whether it is a stream of events, which is measured when it begins. */
    isStream: boolean;
  }
}

/** Takes the time of an answer down, in milliseconds, with the trace that it belongs to. */
export type Observe = (method: string, route: string, status: number, ms: number, trace?: Trace) => void;

/** What takes down how requests are answered. */
export interface Observation {
  readonly observe: Observe;
  /** Takes down for how many milliseconds a request was held on purpose. */
  readonly observeHeld: (route: string, ms: number, trace?: Trace) => void;
}

export const createObservation = (metrics: Metrics): Observation => {
  const durations = metrics.histogram('http_request_duration_seconds');
  const holds = metrics.histogram('http_hold_duration_seconds');
  return {
    observe: (method, route, status, ms, trace) =>
      durations.observe({ method, route, status: String(status) }, ms / 1_000, trace),
    observeHeld: (route, ms, trace) => holds.observe({ route }, ms / 1_000, trace),
  };
};

/** Fastify makes the options of a route anew each time that they are asked for. */
type RouteOptions = FastifyRequest['routeOptions'];

const routeOf = ({ url = 'unknown' }: RouteOptions): string => url;

const observeAnswer = (request: FastifyRequest, reply: FastifyReply, { observe }: Observation): void => {
  const { method, routeOptions } = request;
  const { statusCode, elapsedTime, heldMs } = reply;
  const route = routeOf(routeOptions);
  const { span } = routeOptions.config.isOperation ? traceOf(request) : {};
  observe(method, route, statusCode, Math.max(0, elapsedTime - heldMs), span?.trace);
  span?.end(answered({ method, path: route }, statusCode, request.id));
};

const observeHold = (request: FastifyRequest, ms: number, { observeHeld }: Observation): void =>
  observeHeld(routeOf(request.routeOptions), ms, traceOf(request).span?.trace);

/** A hook for routes that answer with streams: of one the beginning is the answer, and the rest is held. */
export const observeStream =
  (observation: Observation): onSendHookHandler =>
  (request, reply, payload, done) => {
    if (payload instanceof Readable) {
      reply.isStream = true;
      const begunMs = reply.elapsedTime;
      observeAnswer(request, reply, observation);
      // `onResponse` comes only where the stream is ended here, and most are ended by their readers.
      reply.raw.once('close', () => observeHold(request, reply.elapsedTime - begunMs, observation));
    }
    done();
  };

/** Every answer has the id of its request, and is measured and logged; its span ends, if it is an operation's. */
export const setObservation = (server: FastifyInstance, observation: Observation): void => {
  server.decorateReply('heldMs', 0);
  server.decorateReply('isStream', false);
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    const { method, log } = request;
    if (!reply.isStream) observeAnswer(request, reply, observation);
    if (reply.heldMs > 0) observeHold(request, reply.heldMs, observation);
    log.debug({ method, url: targetOf(request), status: String(reply.statusCode) }, 'request completed');
    done();
  });
};
