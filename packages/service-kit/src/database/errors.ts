import { AppError, unavailable } from '../app-error.ts';

/** Prisma's codes for a database that cannot be reached or had no room (https://www.prisma.io/docs/orm/reference/error-reference). */
const PRISMA_CODES = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
  'P2034',
  'P2037',
]);
/** PostgreSQL's classes: connection exception, insufficient resources, operator intervention, system error. */
const SQLSTATE_CLASSES = /^(?:08|53|57|58)[0-9A-Z]{3}$/;
/** Serialization failure, deadlock, lock not available. */
const SQLSTATES = new Set(['40001', '40P01', '55P03']);
const NODE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
const MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|not queryable|after calling end on the pool/;
const KINDS = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TransactionWriteConflict',
  'TooManyConnections',
]);

const linksOf = (error: object): unknown[] => {
  const { cause, meta, errors } = error as {
    cause?: unknown;
    meta?: { driverAdapterError?: unknown };
    errors?: unknown;
  };
  return [cause, meta?.driverAdapterError, ...(Array.isArray(errors) ? errors : [])];
};

const MOST_LINKS = 20;

/** The error and everything that it names as its cause. */
const chainOf = (error: unknown): Record<string, unknown>[] => {
  const chain: Record<string, unknown>[] = [];
  const open = [error];
  while (open.length > 0 && chain.length < MOST_LINKS) {
    const next = open.shift();
    if (typeof next !== 'object' || next === null || chain.includes(next as Record<string, unknown>))
      continue;
    chain.push(next as Record<string, unknown>);
    open.push(...linksOf(next));
  }
  return chain;
};

const isPassing = ({ code, originalCode, kind, message }: Record<string, unknown>): boolean => {
  const codes = [code, originalCode].filter((value) => typeof value === 'string');
  return (
    codes.some(
      (value) =>
        PRISMA_CODES.has(value) ||
        NODE_CODES.has(value) ||
        SQLSTATES.has(value) ||
        SQLSTATE_CLASSES.test(value),
    ) ||
    (typeof kind === 'string' && KINDS.has(kind)) ||
    (typeof message === 'string' && MESSAGES.test(message))
  );
};

/** Whether a database error may pass by itself: the database is down, too busy, or two transactions met. */
export const isPassingDatabaseError = (error: unknown): boolean => chainOf(error).some(isPassing);

const hasSqlState = (error: unknown, state: string): boolean =>
  chainOf(error).some(({ code, originalCode }) => code === state || originalCode === state);

/** Whether a statement was ended because it waited for a lock for longer than `lock_timeout`. */
export const isLockTimeout = (error: unknown): boolean => hasSqlState(error, '55P03');

/** Whether a statement met another transaction in such a way that it has to be done once more. */
export const isSerializationFailure = (error: unknown): boolean => hasSqlState(error, '40001');

type AsyncFunctions = Record<string, (...args: never[]) => Promise<unknown>>;

/** The same store, whose functions throw UNAVAILABLE where the database is down or too busy. */
export const guardStore = <S extends AsyncFunctions>(store: S): S => {
  const guarded = Object.entries(store).map(([name, call]) => [
    name,
    async (...args: never[]) => {
      try {
        return await call(...args);
      } catch (error) {
        if (error instanceof AppError || !isPassingDatabaseError(error)) throw error;
        throw unavailable('The database does not answer, try again in a moment', error);
      }
    },
  ]);
  return Object.fromEntries(guarded) as S;
};
