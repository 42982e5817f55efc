import { rulingIn, ruleAll, type Ruling, type Rulings } from './verdict.ts';

/** Prisma's codes (https://www.prisma.io/docs/orm/reference/error-reference). What caused one is ruled by its own code. */
export const PRISMA_CODES: Rulings = {
  ...ruleAll(['P1000', 'P1010'], {
    verdict: 'transient',
    why: 'the role or its password does not fit, as while it is changed',
  }),
  ...ruleAll(['P1001', 'P1002', 'P1011', 'P1017'], {
    verdict: 'transient',
    why: 'the server cannot be reached, or has closed the connection',
  }),
  P1003: {
    verdict: 'transient',
    why: 'the database is not there: not yet, or not while a server is replaced',
  },
  P1008: { verdict: 'transient', why: 'it took too long' },
  ...ruleAll(['P2024', 'P2037'], { verdict: 'transient', why: 'there is no connection left' }),
  P2028: { verdict: 'transient', why: 'the transaction could not begin or end in time' },
  P2034: { verdict: 'transient', why: 'the transaction met another one and was rolled back' },
  ...ruleAll(['P2000', 'P2006', 'P2007', 'P2020', 'P2033'], {
    verdict: 'refused',
    why: 'a value that PostgreSQL cannot take',
  }),
  ...ruleAll(['P2002', 'P2003', 'P2004', 'P2011'], {
    verdict: 'refused',
    why: 'a value that a constraint forbids',
  }),
  ...ruleAll(['P1009', 'P1012', 'P1013', 'P1014', 'P1015', 'P1016', 'P1018'], {
    verdict: 'bug',
    why: 'client, schema and server do not fit',
  }),
  ...ruleAll(
    [
      'P2001',
      'P2005',
      'P2008',
      'P2009',
      'P2010',
      'P2012',
      'P2013',
      'P2014',
      'P2015',
      'P2016',
      'P2017',
      'P2018',
      'P2019',
      'P2021',
      'P2022',
      'P2023',
      'P2025',
      'P2026',
      'P2027',
      'P2029',
      'P2030',
      'P2031',
      'P2035',
      'P2036',
      'P2038',
      'P2039',
    ],
    { verdict: 'bug', why: 'a query is wrong; where the server refused it, its own code rules' },
  ),
  ...ruleAll(['P6000', 'P6001'], { verdict: 'bug', why: 'Prisma Accelerate is not used' }),
};

const CODE = /^P(\d)\d{3}$/;
const NO_CONNECTION: Ruling = { verdict: 'transient', why: 'a code of connections that is not known' };

/** The ruling of a code of Prisma's; of those that are not known, what concerns connections (`P1…`) is waited for. */
export const rulingOfPrismaCode = (code: unknown): Ruling | undefined => {
  if (typeof code !== 'string') return undefined;
  return rulingIn(PRISMA_CODES, code) ?? (CODE.exec(code)?.[1] === '1' ? NO_CONNECTION : undefined);
};

/** The kinds that a driver adapter gives to errors; one that has a SQLSTATE is ruled by that as well. */
export const ADAPTER_KINDS: Rulings = {
  ...ruleAll(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TlsConnectionError'], {
    verdict: 'transient',
    why: 'the server cannot be reached, or has closed the connection',
  }),
  TooManyConnections: { verdict: 'transient', why: 'there is no connection left' },
  ...ruleAll(['DatabaseDoesNotExist', 'DatabaseAccessDenied', 'AuthenticationFailed'], {
    verdict: 'transient',
    why: 'a matter of the server: its databases, roles and passwords',
  }),
  TransactionWriteConflict: {
    verdict: 'transient',
    why: 'the transaction met another one and was rolled back',
  },
  TransactionAlreadyClosed: {
    verdict: 'transient',
    why: 'the transaction was ended before, for a reason of its own',
  },
  ...ruleAll(['LengthMismatch', 'ValueOutOfRange', 'InvalidInputValue'], {
    verdict: 'refused',
    why: 'a value that PostgreSQL cannot take',
  }),
  ...ruleAll(
    [
      'UniqueConstraintViolation',
      'NullConstraintViolation',
      'ForeignKeyConstraintViolation',
      'RestrictViolation',
    ],
    { verdict: 'refused', why: 'a value that a constraint forbids' },
  ),
  ...ruleAll(
    [
      'GenericJs',
      'UnsupportedNativeDataType',
      'InvalidIsolationLevel',
      'DatabaseAlreadyExists',
      'TableDoesNotExist',
      'ColumnNotFound',
      'MissingFullTextSearchIndex',
      'InconsistentColumnData',
      'mysql',
      'sqlite',
      'mssql',
    ],
    { verdict: 'bug', why: 'a query is wrong, or the schema does not fit' },
  ),
};
