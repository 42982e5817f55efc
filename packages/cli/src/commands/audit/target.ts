import { DATABASE_NAMES, perDatabase, type DatabaseName } from '@order-pipeline/contracts';
import { createKafkaBroker } from '@order-pipeline/launcher/kafka-broker.ts';
import { kafkaIn, kafkaSchema } from '@order-pipeline/launcher/kafka-settings.ts';
import { parseSettings, replicaSettings, type KafkaPort } from '@order-pipeline/service-kit';
import { pino } from 'pino';
import { z } from 'zod';
import type { Cli } from '../../kit/cli.ts';
import { openDatabases } from '../../kit/databases.ts';

/** What is read. */
interface Target {
  readonly databases: Readonly<Record<DatabaseName, string>>;
  readonly replicas: Readonly<Partial<Record<DatabaseName, string>>>;
  readonly kafka: KafkaPort | undefined;
  readonly kafkaMissing: string | undefined;
  /** Whether nothing of the system runs. */
  readonly isStopped: boolean;
}

const NO_KAFKA = 'KAFKA_BROKERS is not set, and the broker in the memory of another process cannot be read';

/**
 * Finds what the settings name, as the services do.
 *
 * @throws SettingsError with every wrong setting; CliError, or the error of the PostgreSQL that cannot be reached
 */
export const openTarget = async ({ environment, runtime, say, onClose }: Cli): Promise<Target> => {
  const kafka = kafkaIn(parseSettings(kafkaSchema, environment));
  const replica = parseSettings(z.object(replicaSettings), environment).ORDERS_DATABASE_READ_URL;
  const purpose = { environment, runtime, say, onOpen: onClose, what: 'the audit' };
  const { url, isStopped } = await openDatabases(DATABASE_NAMES, purpose);
  return {
    databases: perDatabase(url),
    replicas: replica === undefined ? {} : { orders: replica },
    kafka: kafka && createKafkaBroker(kafka, pino({ level: 'silent' })).connect('audit'),
    kafkaMissing: kafka ? undefined : NO_KAFKA,
    isStopped,
  };
};
