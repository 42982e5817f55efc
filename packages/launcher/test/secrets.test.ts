import { expect, test } from '@jest/globals';
import { DATABASE_NAMES, SERVICE_NAMES } from '@order-pipeline/contracts';
import { parseSettings } from '@order-pipeline/service-kit';
import { settingsProblems } from '@order-pipeline/testing';
import { z } from 'zod';
import { kafkaSchema } from '../src/kafka-settings.ts';
import { SERVICES } from '../src/registry.ts';
import { processSchema, urlSchema } from '../src/settings.ts';
import { tlsSchema } from '../src/tls-settings.ts';

/** Settings whose wrong value helps who reads the message, and gives nothing away. A new one is secret until it is here. */
const TOLD: ReadonlySet<string> = new Set([
  'PORT',
  'METRICS_PORT',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_PROTOCOL',
  'OTEL_EXPORTER_OTLP_TIMEOUT',
  'OTEL_TRACES_SAMPLER',
  'OTEL_TRACES_SAMPLER_ARG',
  'OTEL_RESOURCE_ATTRIBUTES',
  'TRACE_BUFFER_SPANS',
  'TRACE_URL',
  'HOST',
  'LOG_LEVEL',
  'DATA_DIR',
  'MIGRATE',
  'KAFKA_BROKERS',
  'KAFKA_SSL',
  'KAFKA_SASL_MECHANISM',
  'KAFKA_COMPRESSION',
  'KAFKA_TOPIC_PARTITIONS',
  'KAFKA_TOPIC_REPLICATION_FACTOR',
  'KAFKA_TOPIC_MIN_IN_SYNC_REPLICAS',
  'RATE_LIMIT',
  'ALLOWED_HOSTS',
  'TRUSTED_PROXIES',
  'MAX_CONNECTIONS',
  'MAX_CONNECTIONS_PER_ADDRESS',
  'OUTBOX_MAX_ROWS',
  'RETAIN_ORDERS_DAYS',
  'HOT_ITEM_ORDERS_PER_S',
  ...SERVICE_NAMES.map((name) => `${name.toUpperCase().replaceAll('-', '_')}_URL`),
]);
const isTold = (name: string): boolean => TOLD.has(name) || name.endsWith('_MS');

/** The fields of a schema, through what checks them together. */
const fieldsOf = (schema: unknown): string[] => {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (schema instanceof z.ZodPipe) return fieldsOf(schema.in);
  throw new Error('A schema whose settings are not known');
};

const SCHEMAS: readonly z.ZodType[] = [
  processSchema,
  kafkaSchema,
  tlsSchema,
  urlSchema(DATABASE_NAMES, SERVICE_NAMES),
  ...Object.values(SERVICES).map(({ settings }) => settings),
];
const SETTINGS = SCHEMAS.flatMap((schema) => fieldsOf(schema).map((name) => [name, schema] as const));

const problemsOf = (schema: z.ZodType, environment: Record<string, string>): string =>
  settingsProblems(() => parseSettings(schema, environment)).join('\n');

test('there are settings of every kind', () => {
  const names = SETTINGS.map(([name]) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      'PORT',
      'OPERATOR_TOKEN',
      'USERS_DATABASE_URL',
      'ORDERS_FACADE_URL',
      'RATE_LIMIT',
    ]),
  );
});

const WRONG = ['S3cret', ' S3cret S3cret ', 'S3cret://S3cret', 'mysql//S3cret', '\u0000S3cret'];
const WITH_USER = [
  'mysql://users:S3cret@db/users',
  'postgresql//users:S3cret@db',
  'ftp://S3cret@shop',
  ' u:S3cret@h:1',
];

test.each(SETTINGS)('a wrong value of %s is reported only where it cannot be secret', (name, schema) => {
  const values = isTold(name) ? WITH_USER : [...WITH_USER, ...WRONG];
  for (const value of values) expect(problemsOf(schema, { [name]: value })).not.toContain('S3cret');
});

test.each([
  'API_KEY',
  'KAFKA_SASL_PASSWORD',
  'SESSION_SECRET',
  'SECRET_FILE',
  'OPERATOR_TOKEN_OLD',
  'AUTH_TOKENS',
  'REPLICA_DATABASE_URL',
])('a setting that is called %s is secret by its name', (name) => {
  const schema = z.object({ [name]: z.string().regex(/^never$/, 'is wrong') });
  expect(problemsOf(schema, { [name]: 'S3cret' })).toBe(`${name} is wrong`);
});

test.each(SETTINGS.filter(([name]) => /TOKEN|PASSWORD|DATABASE_URL/.test(name) && !name.endsWith('_FILE')))(
  '%s can be in a file, and a file that is not there is asked for',
  (name, schema) => {
    expect(problemsOf(schema, { [`${name}_FILE`]: '/nowhere/S3cret' })).toContain(
      `${name}_FILE names a file that is not there`,
    );
  },
);

test('what cannot be secret is reported', () => {
  expect(problemsOf(processSchema, { TRUSTED_PROXIES: '10.0.0.0/0' })).toBe(
    'TRUSTED_PROXIES must be a comma-separated list of addresses or ranges such as 10.0.0.0/8, not "10.0.0.0/0"',
  );
});
