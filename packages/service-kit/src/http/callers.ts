import {
  callersOf,
  FORWARDING_SERVICES,
  SERVICE_NAMES,
  serviceActor,
  type Actor,
  type Operation,
  type ServiceName,
} from '@order-pipeline/contracts';
import type { FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import { AppError } from '../app-error.ts';
import type { Runtime } from '../runtime.ts';
import { nameOfOperation } from './calls.ts';

const LOG_EVERY_MS = 10_000;

const known = new WeakMap<Socket, readonly ServiceName[]>();

/** Names are compared as they stand: no wildcards, and not the subject's common name. */
const EXACTLY = { subject: 'never', wildcards: false } as const;

const readIdentities = (socket: Socket): readonly ServiceName[] => {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return [];
  const certificate = socket.getPeerX509Certificate();
  return SERVICE_NAMES.filter((name) => certificate?.checkHost(name, EXACTLY) !== undefined);
};

/** The services whose certificate the other end has shown; several where one process runs them. */
const identitiesOf = ({ raw: { socket } }: FastifyRequest): readonly ServiceName[] => {
  const identities = known.get(socket) ?? readIdentities(socket);
  known.set(socket, identities);
  return identities;
};

/** Decides by the certificate of a connection who may call what. */
export interface CallerCheck {
  /** @throws AppError FORBIDDEN where the caller is not a service that may call the operation; any service if none is given */
  check(request: FastifyRequest, operation?: Operation): void;
  /**
   * For whom a call is made.
   *
   * @param said what the caller says; believed of those that forward clients' requests alone
   */
  actorOf(request: FastifyRequest, said: () => Actor): Actor;
}

const isOneOf = (identities: readonly ServiceName[], allowed: readonly ServiceName[]): boolean =>
  identities.some((name) => allowed.includes(name));

/** Logs refused calls at most once in ten seconds: a caller that may not call may still try often. */
const createRefusals = (logger: Logger, runtime: Pick<Runtime, 'monotonic'>) => {
  let toldAt = -Infinity;
  return (identities: readonly ServiceName[], operation: Operation | undefined): AppError => {
    if (runtime.monotonic() - toldAt >= LOG_EVERY_MS) {
      toldAt = runtime.monotonic();
      const asked = operation && nameOfOperation(operation);
      logger.warn(
        { callers: identities, operation: asked },
        'a call was refused: its caller may not make it',
      );
    }
    return new AppError('FORBIDDEN', 'This takes the certificate of a service that may call it');
  };
};

export const createCallerCheck = (logger: Logger, runtime: Pick<Runtime, 'monotonic'>): CallerCheck => {
  const refusal = createRefusals(logger, runtime);
  return {
    check: (request, operation) => {
      const identities = identitiesOf(request);
      if (!isOneOf(identities, operation ? callersOf(operation) : SERVICE_NAMES))
        throw refusal(identities, operation);
    },
    actorOf: (request, said) => {
      const identities = identitiesOf(request);
      const [own] = identities;
      return own === undefined || isOneOf(identities, FORWARDING_SERVICES) ? said() : serviceActor(own);
    },
  };
};
