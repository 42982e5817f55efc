import { rulingIn, type Ruling, type Rulings } from './verdict.ts';

const transient = (why: string): Ruling => ({ verdict: 'transient', why });
const renewed = (why: string): Ruling => ({ verdict: 'transient', why, renew: true });
const refused = (why: string): Ruling => ({ verdict: 'refused', why });
const bug = (why: string): Ruling => ({ verdict: 'bug', why });

/**
 * The classes of SQLSTATE (PostgreSQL 18, Appendix A: https://www.postgresql.org/docs/18/errcodes-appendix.html). A class
 * rules over all its codes but those of `SQLSTATE_CODES`.
 */
export const SQLSTATE_CLASSES: Rulings = {
  '00': bug('success is no error'),
  '01': bug('a warning is no error'),
  '02': bug('a warning is no error'),
  '03': bug('the protocol is used wrongly'),
  '08': transient('the connection is lost, or was never made'),
  '09': bug('a trigger; there is none'),
  '0A': bug('a statement asks for what PostgreSQL does not have'),
  '0B': bug('transactions are used wrongly'),
  '0F': bug('there are no locators'),
  '0L': bug('no statement grants anything'),
  '0P': transient('the role is missing or was changed: a matter of the server, not of what is asked'),
  '0Z': bug('diagnostics are used wrongly'),
  '10': bug('there is no XQuery'),
  '20': bug('a CASE without an ELSE'),
  '21': bug('a statement meets more rows than it can have'),
  '22': refused('a value that PostgreSQL cannot take'),
  '23': refused('a value that a constraint forbids'),
  '24': bug('cursors are used wrongly'),
  '25': bug('transactions are used wrongly'),
  '26': renewed('the connection does not know the prepared statement: another server is behind it now'),
  '27': bug('a trigger; there is none'),
  '28': transient('the role or its password does not fit, as while it is changed'),
  '2B': bug('no statement revokes anything'),
  '2D': bug('transactions are used wrongly'),
  '2F': bug('a routine of SQL; there is none'),
  '34': bug('cursors are used wrongly'),
  '38': bug('a routine outside SQL; there is none'),
  '39': bug('a routine outside SQL; there is none'),
  '3B': bug('savepoints are used wrongly'),
  '3D': transient('the database is not there: not yet, or not while a server is replaced'),
  '3F': bug('there is no such schema'),
  '40': transient('the transaction met another one and was rolled back'),
  '42': bug('the statement and the schema do not fit'),
  '44': bug('there are no views'),
  '53': transient('the server has no room: disk, memory or connections'),
  '54': refused('what is asked is larger than PostgreSQL can work'),
  '55': transient('an object is in use or not in the state for it'),
  '57': transient('an operator, a limit of time, a start or a stop ended it'),
  '58': transient('the system below the server fails'),
  F0: transient('the configuration of the server is broken'),
  HV: bug('there are no foreign tables'),
  P0: bug('PL/pgSQL; there is none'),
  XX: transient('the server itself is at fault, or its files are'),
};

/** The codes that are ruled otherwise than their class. */
export const SQLSTATE_CODES: Rulings = {
  '08P01': renewed('client and server lost step; the next connection begins anew'),
  '0A000': renewed(
    'a migration has changed what a prepared statement answers; the next connection prepares it anew',
  ),
  '22012': bug('a statement divides by nought'),
  '22023': bug('a statement passes what a function does not take'),
  '25006': renewed('the server is read-only, as an old or not yet promoted primary is after a failover'),
  '25P02': transient('a statement before it failed in the same transaction, and said why'),
  '25P03': renewed('the server ended a connection that idled within a transaction'),
  '25P04': transient('the transaction took longer than the server allows'),
  '42501': transient('the role may not do it, as while grants are restored'),
  '42P05': renewed('the connection has prepared that statement already: another server is behind it now'),
  '55P02': bug('a setting that cannot be changed while the server runs'),
  '55P04': bug('an enum value is used in the transaction that adds it'),
  '57P01': renewed('the server shuts down'),
  '57P02': renewed('the server has crashed'),
  '57P03': renewed('the server starts or stops'),
  '57P04': renewed('the database was dropped'),
  '57P05': renewed('the server ended a connection that idled'),
};

const SQLSTATE = /^[0-9A-Z]{5}$/;
const NOT_LISTED: Ruling = transient('a class that PostgreSQL 18 does not document');

/** The ruling of what has the form of a SQLSTATE, of a server's error; a class that is not known is waited for. */
export const rulingOfSqlstate = (code: unknown): Ruling | undefined => {
  if (typeof code !== 'string' || !SQLSTATE.test(code)) return undefined;
  return rulingIn(SQLSTATE_CODES, code) ?? rulingIn(SQLSTATE_CLASSES, code.slice(0, 2)) ?? NOT_LISTED;
};

/** What `pg` itself says, which gives its errors no codes: the beginnings of its messages. */
export const PG_MESSAGES: Rulings = {
  'Connection terminated': transient('the connection is lost'),
  'timeout expired': transient('the server does not take the connection in time'),
  'timeout exceeded when trying to connect': transient('all connections are in use'),
  'Query read timeout': transient('the server does not answer in time'),
  'Client has encountered a connection error': transient('the connection is lost'),
  'Client was closed and is not queryable': transient('the connection was closed'),
  'Cannot use a pool after calling end on the pool': transient('the service stops'),
  'The server does not support SSL connections': transient(
    'the server is not set up for it, or is another one',
  ),
  'There was an error establishing an SSL connection': transient(
    'the server is not set up for it, or is another one',
  ),
  SASL: transient('client and server do not agree on who the role is'),
  'Received unexpected': transient('client and server lost step; the connection is closed'),
};

/** The ruling of a message of `pg`. */
export const rulingOfPgMessage = (message: unknown): Ruling | undefined => {
  if (typeof message !== 'string') return undefined;
  const known = Object.keys(PG_MESSAGES).find((beginning) => message.startsWith(beginning));
  return rulingIn(PG_MESSAGES, known);
};
