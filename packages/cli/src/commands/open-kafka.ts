import { createKafkaBroker, type KafkaBroker } from '@order-pipeline/launcher/kafka-broker.ts';
import { kafkaIn, kafkaSchema } from '@order-pipeline/launcher/kafka-settings.ts';
import { parseSettings, SettingsError, type TopicSettings } from '@order-pipeline/service-kit';
import { pino } from 'pino';

/**
 * The Kafka that the settings name, and how its topics are to be.
 *
 * @param question what is not known without `KAFKA_BROKERS`
 * @throws SettingsError with every wrong setting
 */
export const openKafka = (
  environment: Readonly<Record<string, string | undefined>>,
  question: string,
): { readonly broker: KafkaBroker; readonly topics: TopicSettings } => {
  const options = kafkaIn(parseSettings(kafkaSchema, environment));
  if (!options) throw new SettingsError([`KAFKA_BROKERS must be set: ${question}`]);
  return { broker: createKafkaBroker(options, pino({ level: 'silent' })), topics: options.topics };
};
