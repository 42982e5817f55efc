import { Command, Option } from '@commander-js/extra-typings';
import type { Cli } from '../../kit/cli.ts';
import { report } from '../../kit/outcome.ts';
import { wholeNumber } from '../../kit/values.ts';
import { topicsText } from './render.ts';

/** As many as KAFKA_TOPIC_PARTITIONS may ask for. */
const MAX_PARTITIONS = 1_000;

const ALSO = `
It reaches the Kafka of KAFKA_BROKERS with the other KAFKA_* settings, and lists the topics of events and of dead letters with what they
lack. --partitions adds partitions to those that have fewer, while orders come in: services that run write to the new ones, and
consume them, within half a minute. It takes a user that may alter the topics. Partitions are never taken away.`;

/** `topics`: what the topics have in Kafka, and more partitions for them. */
export const createTopicsCommand = (cli: Cli) =>
  new Command('topics')
    .description('List what the topics have in Kafka, or add partitions to them')
    .addOption(
      new Option('--partitions <n>', 'add partitions until each topic has so many').argParser(
        wholeNumber(1, MAX_PARTITIONS),
      ),
    )
    .option('--json', 'JSON instead of text', false)
    .addHelpText('after', ALSO)
    .action(async ({ partitions, json }) => {
      // Loaded here: the other commands do without Kafka.
      const { inspectTopics } = await import('./inspect.ts');
      const data = await inspectTopics(cli, partitions);
      await report(cli, json, { text: topicsText(data), data, isDone: data.problems.length === 0 });
    });
