import { afterAll, expect, test } from '@jest/globals';
import { parseSettings } from '@order-pipeline/service-kit';
import { settingsProblems } from '@order-pipeline/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { kafkaIn, kafkaSchema } from '../src/kafka-settings.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'kafka-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fileWith = (name: string, content: string): string => {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
};

const CA = fileWith('ca.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
const KAFKA = { KAFKA_BROKERS: 'one:9092, two:9092' };
const SASL = { KAFKA_SASL_USERNAME: 'orders', KAFKA_SASL_PASSWORD: 'S3cret' };
const read = (environment: Record<string, string>) => kafkaIn(parseSettings(kafkaSchema, environment));

const problemsOf = (environment: Record<string, string>): readonly string[] =>
  settingsProblems(() => read(environment));

test('without KAFKA_BROKERS there is none, with them alone it is reached in plain', () => {
  expect(read({})).toBeUndefined();
  expect(read(KAFKA)).toEqual({
    brokers: ['one:9092', 'two:9092'],
    topics: { partitions: 6 },
    compression: 'none',
  });
});

test('TLS, a user and the shape of topics are taken from the settings', () => {
  const settings = {
    ...KAFKA,
    KAFKA_SSL: 'on',
    KAFKA_SSL_CA_FILE: CA,
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USERNAME: 'orders',
    KAFKA_SASL_PASSWORD_FILE: fileWith('password', 'S3cret\n'),
    KAFKA_TOPIC_PARTITIONS: '12',
    KAFKA_TOPIC_REPLICATION_FACTOR: '3',
    KAFKA_TOPIC_MIN_IN_SYNC_REPLICAS: '2',
    KAFKA_TOPIC_RETENTION_MS: '-1',
    KAFKA_COMPRESSION: 'gzip',
  };
  expect(read(settings)).toEqual({
    brokers: ['one:9092', 'two:9092'],
    tls: { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
    sasl: { mechanism: 'scram-sha-512', username: 'orders', password: 'S3cret' },
    topics: { partitions: 12, replicationFactor: 3, minInSyncReplicas: 2, retentionMs: -1 },
    compression: 'gzip',
  });
});

test.each(['on', 'true'])('KAFKA_SSL may be %s, with the authorities that Node.js knows', (KAFKA_SSL) => {
  expect(read({ ...KAFKA, KAFKA_SSL })).toMatchObject({ tls: {} });
});

test.each(['off', 'false', ''])('KAFKA_SSL may be %j', (KAFKA_SSL) => {
  expect(read({ ...KAFKA, KAFKA_SSL })).not.toHaveProperty('tls');
});

test.each([
  [{ KAFKA_SASL_MECHANISM: 'scram-sha-256' }, 'KAFKA_SASL_USERNAME must be set with KAFKA_SASL_MECHANISM'],
  [{ ...SASL }, 'KAFKA_SASL_PASSWORD means nothing without KAFKA_SASL_MECHANISM'],
  [
    { ...SASL, KAFKA_SASL_MECHANISM: 'plain' },
    'KAFKA_SSL must be on where KAFKA_SASL_MECHANISM is plain: the password would travel in clear',
  ],
  [
    { ...SASL, KAFKA_SASL_MECHANISM: 'S3cret' },
    /^KAFKA_SASL_MECHANISM must be one of plain, scram-sha-256, /,
  ],
  [{ KAFKA_SSL_CA_FILE: CA }, 'KAFKA_SSL_CA_FILE means nothing without KAFKA_SSL'],
  [{ KAFKA_SSL: 'on', KAFKA_SSL_CA_FILE: '/S3cret' }, 'KAFKA_SSL_CA_FILE names a file that is not there'],
  [
    { KAFKA_SSL: 'on', KAFKA_SSL_CA_FILE: fileWith('key.pem', 'S3cret') },
    'KAFKA_SSL_CA_FILE names a file without a certificate in PEM',
  ],
  [{ KAFKA_SSL: 'maybe' }, 'KAFKA_SSL must be on or off, not "maybe"'],
  [
    { KAFKA_TOPIC_REPLICATION_FACTOR: '2', KAFKA_TOPIC_MIN_IN_SYNC_REPLICAS: '3' },
    'KAFKA_TOPIC_MIN_IN_SYNC_REPLICAS cannot be more than KAFKA_TOPIC_REPLICATION_FACTOR, not "3"',
  ],
  [
    { KAFKA_TOPIC_RETENTION_MS: '0' },
    'KAFKA_TOPIC_RETENTION_MS must be -1 (for ever) or a whole number of milliseconds, not "0"',
  ],
  [{ KAFKA_COMPRESSION: 'zstd' }, 'KAFKA_COMPRESSION must be one of none, gzip, not "zstd"'],
  [{ KAFKA_TOPIC_PARTITIONS: '0' }, 'KAFKA_TOPIC_PARTITIONS must be a whole number from 1 to 1000, not "0"'],
])('%j is refused by name', (settings, problem) => {
  const problems = problemsOf({ ...KAFKA, ...settings });
  expect(problems).toContainEqual(typeof problem === 'string' ? problem : expect.stringMatching(problem));
  if (!String(problem).includes('MECHANISM must be')) expect(problems.join('\n')).not.toContain('S3cret');
});

test('what only a real Kafka has means nothing without one', () => {
  const settings = {
    ...SASL,
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SSL: 'on',
    KAFKA_SSL_CA_FILE: CA,
    KAFKA_TOPIC_REPLICATION_FACTOR: '3',
    KAFKA_TOPIC_MIN_IN_SYNC_REPLICAS: '2',
    KAFKA_TOPIC_RETENTION_MS: '1000',
    KAFKA_COMPRESSION: 'gzip',
  };
  const problems = problemsOf(settings);
  for (const name of Object.keys(settings))
    expect(problems).toContainEqual(expect.stringContaining(`${name} means nothing without KAFKA_BROKERS`));
  expect(problems).toHaveLength(Object.keys(settings).length);
});
