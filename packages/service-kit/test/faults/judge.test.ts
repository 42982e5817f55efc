import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import {
  AppError,
  causeOf,
  faultsPage,
  isTransient,
  judge,
  logFailure,
  unavailable,
} from '../../src/index.ts';
import { createTestLogger } from '@order-pipeline/testing';
import kafkajs from 'kafkajs';
import { format, resolveConfig } from 'prettier';

const fromServer = (code: string, message = 'refused'): Error =>
  Object.assign(new Error(message), { code, severity: 'ERROR' });
const fromAdapter = (originalCode: string) =>
  Object.assign(new Error('Raw query failed'), {
    code: 'P2010',
    meta: {
      driverAdapterError: Object.assign(new Error('postgres'), { cause: { kind: 'postgres', originalCode } }),
    },
  });
/** What the typed API makes of an error that no adapter has wrapped. */
const copiedFrom = (code: string): Error =>
  Object.assign(new Error('Invalid `prisma.order.findUnique()` invocation'), {
    name: 'PrismaClientKnownRequestError',
    code,
    meta: { modelName: 'Order' },
  });

/** As the typed API throws what a server said; `kind` and `code` are what Prisma makes of it. */
const fromModel = (originalCode: string, code = 'P2039', kind = 'postgres') =>
  Object.assign(new Error('Invalid `user.findUnique()` invocation'), {
    name: 'PrismaClientKnownRequestError',
    code,
    meta: {
      modelName: 'User',
      driverAdapterError: Object.assign(new Error(kind), {
        name: 'DriverAdapterError',
        cause: { kind, originalCode, originalMessage: 'what the server said' },
      }),
    },
  });
const fromSystem = (code: string, syscall: string): Error =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
const ofKafka = (type: string, retriable = false) =>
  new kafkajs.KafkaJSProtocolError(Object.assign(new Error(type), { type, code: 0, retriable }));

test.each([
  ['a read-only server', fromServer('25006'), 'transient', true],
  ['a read-only server, through Prisma', fromAdapter('25006'), 'transient', true],
  ['a read-only server, through the typed API', fromModel('25006'), 'transient', true],
  ['a server that ends, through the typed API', fromModel('57P01'), 'transient', true],
  [
    'too many connections, through the typed API',
    fromModel('53300', 'P2037', 'TooManyConnections'),
    'transient',
    false,
  ],
  ['a cancelled statement, through the typed API', fromModel('57014'), 'transient', false],
  ['a lock that is waited for too long, through the typed API', fromModel('55P03'), 'transient', false],
  [
    'a deadlock, through the typed API',
    fromModel('40P01', 'P2034', 'TransactionWriteConflict'),
    'transient',
    false,
  ],
  [
    'a password that does not fit, through the typed API',
    fromModel('28P01', 'P1000', 'AuthenticationFailed'),
    'transient',
    false,
  ],
  ['a value that is no text, through the typed API', fromModel('22021'), 'refused', false],
  [
    'a value that is taken, through the typed API',
    fromModel('23505', 'P2002', 'UniqueConstraintViolation'),
    'refused',
    false,
  ],
  [
    'a table that is not there, through the typed API',
    fromModel('42P01', 'P2021', 'TableDoesNotExist'),
    'bug',
    false,
  ],
  ['a full disk', fromServer('53100'), 'transient', false],
  ['too many connections', fromServer('53300'), 'transient', false],
  ['the same through the typed API, unwrapped', copiedFrom('53300'), 'transient', false],
  ['a refusal through the typed API, unwrapped', copiedFrom('23514'), 'refused', false],
  ['a password that does not fit', fromServer('28P01'), 'transient', false],
  ['a database that is not there', fromServer('3D000'), 'transient', false],
  ['a SQLSTATE that nobody knows', fromServer('ZZ999'), 'transient', false],
  ['a value that is no text', fromServer('22021'), 'refused', false],
  ['a value that is taken, through Prisma', fromAdapter('23505'), 'refused', false],
  ['a column that is not there', fromServer('42703'), 'bug', false],
  ['a column that is not there, through Prisma', fromAdapter('42703'), 'bug', false],
  ['a name without an address', fromSystem('ENOTFOUND', 'getaddrinfo'), 'transient', false],
  ['no file left', fromSystem('EMFILE', 'open'), 'transient', false],
  ['a socket that is not there', fromSystem('ENOENT', 'connect'), 'transient', false],
  ['a file that is not there', fromSystem('ENOENT', 'open'), 'bug', false],
  ['a system error that nobody knows', fromSystem('ENEW', 'write'), 'transient', false],
  [
    'several addresses that refuse',
    new AggregateError([fromSystem('ECONNREFUSED', 'connect')]),
    'transient',
    false,
  ],
  [
    'a code of undici that nobody knows',
    Object.assign(new Error('new'), { code: 'UND_ERR_NEW' }),
    'transient',
    false,
  ],
  ['a fenced producer', ofKafka('INVALID_PRODUCER_EPOCH'), 'transient', true],
  ['a message that is too large', ofKafka('MESSAGE_TOO_LARGE'), 'refused', false],
  ['no right to a topic', ofKafka('TOPIC_AUTHORIZATION_FAILED'), 'transient', false],
  ['a type of Kafka that nobody knows', ofKafka('NEW_REFUSAL'), 'transient', false],
])('%s is judged by its table', (_, error, verdict, renew) => {
  expect(judge(error)).toEqual({ verdict, renew });
});

test('what is no error of a dependency has no verdict, and is not transient', () => {
  for (const error of [
    new TypeError('x is undefined'),
    Object.assign(new Error('Unknown argument'), { name: 'PrismaClientValidationError' }),
    new Error('no'),
    'text',
    undefined,
    { code: 'constructor' },
  ]) {
    expect(judge(error)).toBeUndefined();
    expect(isTransient(error)).toBe(false);
  }
});

test('what wraps an error is judged with its cause: refused counts before transient, and that before bug', () => {
  const wrapped = (cause: Error) => Object.assign(new kafkajs.KafkaJSError('gave up'), { cause });
  expect(judge(wrapped(ofKafka('MESSAGE_TOO_LARGE')))).toEqual({ verdict: 'refused', renew: false });
  expect(judge(wrapped(ofKafka('INVALID_CONFIG')))).toEqual({ verdict: 'transient', renew: false });
});

test('UNAVAILABLE is transient whatever caused it, and another AppError is not', () => {
  expect(isTransient(unavailable('down', new TypeError('x')))).toBe(true);
  expect(isTransient(new AppError('INTERNAL', 'broken', { cause: fromServer('25006') }))).toBe(false);
});

test('the innermost message and code are the cause, in one line', () => {
  const refusal = fromSystem('ECONNREFUSED', 'connect');
  expect(causeOf(unavailable('The database does not answer', new AggregateError([refusal])))).toEqual({
    reason: 'connect ECONNREFUSED',
    code: 'ECONNREFUSED',
  });
  expect(causeOf(fromModel('53300', 'P2037', 'TooManyConnections'))).toEqual({
    reason: 'what the server said',
    code: '53300',
  });
  expect(causeOf(new Error('two\nlines'))).toEqual({ reason: 'two' });
  expect(causeOf('text')).toEqual({ reason: 'text' });
});

test('what is transient is logged in one line at warn, without a stack; anything else at error, with it', () => {
  const { logger, logs } = createTestLogger();
  logFailure(
    logger,
    unavailable('down', fromServer('25006', 'cannot execute INSERT')),
    { task: 'a' },
    'failed',
  );
  logFailure(logger, new TypeError('x is undefined'), { task: 'b' }, 'failed');
  const [warned, complained] = logs;
  expect(warned).toMatchObject({
    level: 40,
    task: 'a',
    reason: 'cannot execute INSERT',
    code: '25006',
    msg: 'failed',
  });
  expect(JSON.stringify(warned)).not.toContain('stack');
  expect(complained).toMatchObject({ level: 50, task: 'b', err: { message: 'x is undefined' } });
  expect(JSON.stringify(complained)).toContain('stack');
});

test('docs/errors.md is up to date', async () => {
  const file = new URL('../../../../docs/errors.md', import.meta.url);
  const style = await resolveConfig(file);
  expect(await readFile(file, 'utf8')).toBe(await format(faultsPage(), { ...style, parser: 'markdown' }));
});
