import { PARTITIONS_PER_TOPIC } from '@order-pipeline/contracts';
import {
  fileContent,
  listOf,
  retentionMs,
  wholeNumber,
  type TopicSettings,
} from '@order-pipeline/service-kit';
import type { SASLOptions } from 'kafkajs';
import { z } from 'zod';

const ADDRESS = /^(?:[^\s:,[\]]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/;
const MAX_PORT = 65_535;
const MAX_PARTITIONS = 1_000;
const MAX_REPLICAS = 100;
const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const COMPRESSIONS = ['none', 'gzip'] as const;
const SWITCH = { on: true, true: true, off: false, false: false } as const;

const isAddress = (address: string): boolean => {
  const port = Number(ADDRESS.exec(address)?.[1] ?? 0);
  return port >= 1 && port <= MAX_PORT;
};

const isCertificate = (text: string): boolean => text.includes('-----BEGIN CERTIFICATE-----');

const fields = z.object({
  KAFKA_BROKERS: listOf(isAddress, 'must be a comma-separated list of host:port').optional(),
  KAFKA_SSL: z
    .enum(['on', 'off', 'true', 'false'], { error: 'must be on or off' })
    .transform((value) => SWITCH[value])
    .default(false),
  KAFKA_SSL_CA_FILE: fileContent(isCertificate, 'names a file without a certificate in PEM').optional(),
  KAFKA_SASL_MECHANISM: z
    .enum(SASL_MECHANISMS, { error: `must be one of ${SASL_MECHANISMS.join(', ')}` })
    .optional(),
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: z.string().optional(),
  KAFKA_TOPIC_PARTITIONS: wholeNumber(1, MAX_PARTITIONS).default(PARTITIONS_PER_TOPIC),
  KAFKA_TOPIC_REPLICATION_FACTOR: wholeNumber(1, MAX_REPLICAS).optional(),
  KAFKA_TOPIC_MIN_IN_SYNC_REPLICAS: wholeNumber(1, MAX_REPLICAS).optional(),
  KAFKA_TOPIC_RETENTION_MS: retentionMs().optional(),
  KAFKA_COMPRESSION: z.enum(COMPRESSIONS, { error: `must be one of ${COMPRESSIONS.join(', ')}` }).optional(),
});

type KafkaSettings = z.infer<typeof fields>;
type Problem = (name: keyof KafkaSettings, message: string) => void;

/** What only a real Kafka has. */
const REAL_ONLY = [
  'KAFKA_SSL_CA_FILE',
  'KAFKA_SASL_MECHANISM',
  'KAFKA_SASL_USERNAME',
  'KAFKA_SASL_PASSWORD',
  'KAFKA_TOPIC_REPLICATION_FACTOR',
  'KAFKA_TOPIC_MIN_IN_SYNC_REPLICAS',
  'KAFKA_TOPIC_RETENTION_MS',
  'KAFKA_COMPRESSION',
] as const;

const checkBroker = (settings: KafkaSettings, problem: Problem): void => {
  if (settings.KAFKA_BROKERS !== undefined) return;
  for (const name of REAL_ONLY)
    if (settings[name] !== undefined) problem(name, 'means nothing without KAFKA_BROKERS');
  if (settings.KAFKA_SSL) problem('KAFKA_SSL', 'means nothing without KAFKA_BROKERS');
};

const checkSasl = (settings: KafkaSettings, problem: Problem): void => {
  const names = ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'] as const;
  const mechanism = settings.KAFKA_SASL_MECHANISM;
  for (const name of names) {
    if (mechanism !== undefined && settings[name] === undefined)
      problem(name, 'must be set with KAFKA_SASL_MECHANISM');
    if (mechanism === undefined && settings[name] !== undefined)
      problem(name, 'means nothing without KAFKA_SASL_MECHANISM');
  }
  if (mechanism === 'plain' && !settings.KAFKA_SSL)
    problem(
      'KAFKA_SSL',
      'must be on where KAFKA_SASL_MECHANISM is plain: the password would travel in clear',
    );
};

const checkTopics = (settings: KafkaSettings, problem: Problem): void => {
  const { KAFKA_TOPIC_REPLICATION_FACTOR: replicas, KAFKA_TOPIC_MIN_IN_SYNC_REPLICAS: inSync } = settings;
  if (replicas !== undefined && inSync !== undefined && inSync > replicas)
    problem('KAFKA_TOPIC_MIN_IN_SYNC_REPLICAS', 'cannot be more than KAFKA_TOPIC_REPLICATION_FACTOR');
};

/** How Kafka is reached, and how the topics are made there. */
export const kafkaSchema = fields.superRefine((settings, context) => {
  const problem: Problem = (name, message) => context.addIssue({ code: 'custom', path: [name], message });
  checkBroker(settings, problem);
  checkSasl(settings, problem);
  checkTopics(settings, problem);
  if (settings.KAFKA_SSL_CA_FILE !== undefined && !settings.KAFKA_SSL)
    problem('KAFKA_SSL_CA_FILE', 'means nothing without KAFKA_SSL');
});

export interface KafkaOptions {
  /** Each `host:port`. */
  readonly brokers: readonly string[];
  /** With TLS; whose certificates are taken beside those that Node.js knows, in PEM. */
  readonly tls?: { readonly ca?: string };
  readonly sasl?: SASLOptions;
  readonly topics: TopicSettings;
  readonly compression: 'none' | 'gzip';
}

const saslOf = (settings: KafkaSettings): SASLOptions | undefined => {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username = '' } = settings;
  const { KAFKA_SASL_PASSWORD: password = '' } = settings;
  return mechanism && { mechanism, username, password };
};

const topicsOf = (settings: KafkaSettings): TopicSettings => ({
  partitions: settings.KAFKA_TOPIC_PARTITIONS,
  replicationFactor: settings.KAFKA_TOPIC_REPLICATION_FACTOR,
  minInSyncReplicas: settings.KAFKA_TOPIC_MIN_IN_SYNC_REPLICAS,
  retentionMs: settings.KAFKA_TOPIC_RETENTION_MS,
});

/** The Kafka that the settings name, if they name one. */
export const kafkaIn = (settings: KafkaSettings): KafkaOptions | undefined => {
  const { KAFKA_BROKERS: brokers, KAFKA_SSL_CA_FILE: ca } = settings;
  if (brokers === undefined) return undefined;
  const sasl = saslOf(settings);
  return {
    brokers,
    ...(settings.KAFKA_SSL ? { tls: ca === undefined ? {} : { ca } } : {}),
    ...(sasl ? { sasl } : {}),
    topics: topicsOf(settings),
    compression: settings.KAFKA_COMPRESSION ?? 'none',
  };
};
