import { env } from 'node:process';
import type { Logger } from 'kafkajs';

const WARNING =
  'KafkaJS v2.0.0 switched default partitioner. To retain the same partitioning behavior as in previous versions, create the producer with the option "createPartitioner: Partitioners.LegacyPartitioner". See the migration guide at https://kafka.js.org/docs/migration-guide-v2.0.0#producer-new-default-partitioner for details. Silence this warning by setting the environment variable "KAFKAJS_NO_PARTITIONER_WARNING=1"';

let isDue = true;

/** kafkajs's warning, at the first producer of the process that does not say how it partitions. */
export const warnOfDefaultPartitioner = (logger: Logger): void => {
  if (!isDue) return;
  isDue = false;
  if (env['KAFKAJS_NO_PARTITIONER_WARNING'] === undefined) logger.warn(WARNING);
};
