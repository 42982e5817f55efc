import {
  ANYBODY,
  DECLARED_OPERATIONS,
  isForOperators,
  OPERATOR_SCOPES,
  type Access,
  type Actor,
} from '@order-pipeline/contracts';
import { AppError, listensOnlyHere, refusalFor, type Runtime } from '@order-pipeline/service-kit';
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  HookHandlerDoneFunction,
  onRequestHookHandler,
} from 'fastify';
import { createMachineRule, createOperatorTokens, type OperatorTokens } from './operators.ts';
import { createLogins, type Logins } from './logins.ts';
import type { Tokens } from './tokens.ts';

export interface GuardOptions {
  /** Whose tokens are taken; without it everybody may ask everything. */
  readonly tokens: Tokens | undefined;
  /** Whether everybody may, wherever the gateway listens. */
  readonly isOff: boolean;
  readonly operatorToken: string | undefined;
  readonly runtime: Pick<Runtime, 'monotonic'>;
}

/** Who a request is from, or why it is not answered. */
type Decision = Actor | AppError;
/** Decides on a request for what is routed as `route`. */
type Rule = (request: FastifyRequest, reply: FastifyReply, route: string) => Decision | Promise<Decision>;

const METRICS = '/metrics';
const BEARER = /^Bearer +(\S+)$/i;
const OPERATOR: Actor = { kind: 'operator', name: 'operator', scopes: OPERATOR_SCOPES };

/** What has no access of its own under these paths is not for clients. */
const UNDECLARED: Access = { kind: 'scope', scope: 'ops:write' };
const METRICS_ACCESS: Access = { kind: 'scope', scope: 'ops:read' };

/** By path, and there by method. */
const DECLARED = new Map<string, Map<string, Access>>();
for (const { method, path, access } of Object.values(DECLARED_OPERATIONS))
  DECLARED.set(path, new Map(DECLARED.get(path)).set(method, access));

const isGuarded = (route: string): boolean => route.startsWith('/api/') || isForOperators({ path: route });

/** The access of what is asked; nothing where anybody may ask: probes, documents, the console, and what is nowhere. */
const accessOf = (method: string, route: string): Access | undefined => {
  if (route === METRICS) return METRICS_ACCESS;
  if (!isGuarded(route)) return undefined;
  return DECLARED.get(route)?.get(method === 'HEAD' ? 'GET' : method) ?? UNDECLARED;
};

const bearerIn = ({ headers: { authorization = '' } }: FastifyRequest): string | undefined =>
  BEARER.exec(authorization)?.[1];

/** Where there is no issuer: operators by their own rule, everybody else as long as nobody else can be there. */
const createOpenRule = (
  server: FastifyInstance,
  { isOff }: GuardOptions,
  operators: OperatorTokens | undefined,
): Rule => {
  const machineRule = createMachineRule(server);
  let isOpen = true;
  server.server.on('listening', () => {
    isOpen = isOff || listensOnlyHere(server);
  });
  return (request, reply, route) => {
    if (route === METRICS) return ANYBODY;
    if (isForOperators({ path: route })) {
      if (operators === undefined) return machineRule(request) ?? ANYBODY;
      return operators.refusalOf(request, reply, bearerIn(request)) ?? OPERATOR;
    }
    if (isOpen) return ANYBODY;
    return new AppError('UNAUTHENTICATED', 'Set AUTH_ISSUER at the gateway, or AUTH=off to let everybody in');
  };
};

const missing = (): AppError =>
  new AppError('UNAUTHENTICATED', 'This takes a token: send it as Authorization: Bearer <token>');

/** Where there is an issuer. */
const createTokenRule =
  (tokens: Tokens, operators: OperatorTokens | undefined, logins: Logins): Rule =>
  (request, reply) => {
    const token = bearerIn(request);
    if (token === undefined) {
      reply.header('www-authenticate', 'Bearer');
      return missing();
    }
    const known = tokens.known(token);
    if (known) return known;
    // What has the form of a JWT is no guess at the operators' token.
    if (operators && (token.split('.').length !== 3 || operators.isToken(token)))
      return operators.refusalOf(request, reply, token) ?? OPERATOR;
    return tokens.verify(token).catch((error: AppError) => {
      if (error.code === 'UNAUTHENTICATED') {
        logins.refused(request);
        reply.header('www-authenticate', 'Bearer error="invalid_token"');
      }
      return error;
    });
  };

/** Why the actor does not get what is asked, if it does not. */
const refusalOf = (
  { log }: FastifyRequest,
  route: string,
  access: Access,
  actor: Actor,
): AppError | undefined => {
  const refusal = refusalFor({ access }, actor);
  if (!refusal) return undefined;
  log.debug({ actor: actor.name, route }, 'request forbidden');
  return new AppError(refusal.body.code, refusal.body.error);
};

/** Carries a decision out, for a route: the request continues with its actor, or is refused. */
const createSettle =
  (route: string, access: Access, { tokens }: GuardOptions, logins: Logins) =>
  (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction, decision: Decision): void => {
    const isMetrics = route === METRICS;
    const refusal =
      decision instanceof AppError
        ? decision
        : isMetrics && !tokens
          ? undefined
          : refusalOf(request, route, access, decision);
    if (refusal && isMetrics && refusal.code !== 'UNAVAILABLE') {
      reply.removeHeader('www-authenticate');
      return done(new AppError('ROUTE_NOT_FOUND', 'There is nothing at GET /metrics'));
    }
    if (refusal?.code === 'FORBIDDEN' && tokens) {
      if (isForOperators({ path: route })) logins.refused(request);
      reply.header('www-authenticate', 'Bearer error="insufficient_scope"');
    }
    if (!(decision instanceof AppError)) request.actor = decision;
    done(refusal);
  };

/**
 * Finds out who makes each request, and refuses what they get nothing of. Whose the rows are, the services decide that own
 * them. Metrics are as if they were not there for those who may not read them.
 */
export const addAccessGuard = (server: FastifyInstance, options: GuardOptions): void => {
  const { tokens, operatorToken, runtime } = options;
  const logins = createLogins(runtime);
  const operators = operatorToken === undefined ? undefined : createOperatorTokens(operatorToken, logins);
  const decide = tokens
    ? createTokenRule(tokens, operators, logins)
    : createOpenRule(server, options, operators);

  const guard = (route: string, access: Access): onRequestHookHandler => {
    const settle = createSettle(route, access, options, logins);
    return (request, reply, done) => {
      const decision = decide(request, reply, route);
      if (decision instanceof Promise) void decision.then((later) => settle(request, reply, done, later));
      else settle(request, reply, done, decision);
    };
  };
  // Decided once for each route, and not at each request, for which Fastify makes the options of its route anew.
  server.addHook('onRoute', (added) => {
    const methods = [added.method].flat();
    // No operation has several, so what has is not declared.
    const access = accessOf(methods.length === 1 ? (methods[0] ?? '') : '', added.url);
    if (access) added.onRequest = [guard(added.url, access), ...[added.onRequest ?? []].flat()];
  });
};
