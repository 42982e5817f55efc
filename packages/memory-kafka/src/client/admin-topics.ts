import kafkajs from 'kafkajs';
import type { Admin, KafkaJSError, ITopicConfig, ITopicPartitionConfig } from 'kafkajs';
import type { Core } from '../broker/core.ts';
import { throwRefusal, type Refusals } from '../broker/refusals.ts';
import { createTopicError, nonRetriable, protocolError, typeOf } from '../errors.ts';
import { PROTOCOL_ERROR_TYPES } from '../protocol-errors.ts';
import { aboutTopics, atController, type AdminParts } from './admin-parts.ts';
import { partitionsMetadata, visibleTopics, whileLeaderless } from './metadata.ts';
import { nothingAsBoolean, shown } from './typing-gaps.ts';

type TopicCalls = Pick<
  Admin,
  'listTopics' | 'createTopics' | 'deleteTopics' | 'createPartitions' | 'fetchTopicMetadata'
>;

const checkDistinct = (topics: readonly string[], what: string): void => {
  if (new Set(topics).size < topics.length) {
    throw nonRetriable(`Invalid ${what} array, it cannot have multiple entries for the same topic`);
  }
};

const checkNames = (topics: readonly unknown[], what: string): void => {
  if (topics.some((topic) => typeof topic !== 'string')) {
    throw nonRetriable(`Invalid ${what} array, the topic names have to be a valid string`);
  }
};

const checkConfigEntry = (topic: string, entry: unknown, index: number): void => {
  if (typeof entry !== 'object' || entry === null) {
    throw nonRetriable(`Invalid configEntries for topic "${topic}". Entry ${index} must be an object`);
  }
  for (const property of ['name', 'value']) {
    if (typeof Reflect.get(entry, property) !== 'string') {
      throw nonRetriable(
        `Invalid configEntries for topic "${topic}". Entry ${index} must have a valid "${property}" property`,
      );
    }
  }
};

const checkConfigEntries = ({ topic, configEntries }: ITopicConfig): void => {
  if (configEntries === undefined || configEntries === null) return;
  if (!Array.isArray(configEntries)) {
    throw nonRetriable(`Invalid configEntries for topic "${topic}", must be an array`);
  }
  for (const [index, entry] of configEntries.entries()) checkConfigEntry(topic, entry, index);
};

const checkTopicConfigs = (topics: readonly ITopicConfig[]): void => {
  if (!Array.isArray(topics)) throw nonRetriable(`Invalid topics array ${shown(topics)}`);
  const names = topics.map(({ topic }) => topic);
  checkNames(names, 'topics');
  checkDistinct(names, 'topics');
  for (const config of topics) checkConfigEntries(config);
};

const checkPartitionConfigs = (configs: readonly ITopicPartitionConfig[]): void => {
  if (!Array.isArray(configs)) throw nonRetriable(`Invalid topic partitions array ${shown(configs)}`);
  if (configs.length === 0) throw nonRetriable('Empty topic partitions array');
  const names = configs.map(({ topic }) => topic);
  checkNames(names, 'topic partitions');
  checkDistinct(names, 'topic partitions');
};

/** Removes those that there are; throws INVALID_REQUEST for a name that comes twice, else for those that there are not. */
const removeTopics = (core: Core, topics: readonly string[], refused: Refusals): void => {
  if (new Set(topics).size < topics.length) throw protocolError('INVALID_REQUEST');
  const allowed = topics.filter((topic) => refused.topic(topic) === undefined);
  const known = allowed.filter((topic) => core.topics.find(topic) !== undefined);
  for (const topic of known) {
    core.topics.remove(topic);
    core.coordinator.forgetTopic(topic);
  }
  throwRefusal(topics.map((topic) => refused.topic(topic)).find((type) => type !== undefined));
  if (known.length < topics.length) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION');
};

const describeTopics = (core: Core, topics: readonly string[], refused: Refusals) =>
  (topics.length > 0 ? [...new Set(topics)] : visibleTopics(core, refused)).map((name) => {
    throwRefusal(refused.topic(name));
    return { name, partitions: partitionsMetadata(core, core.topics.describe(name, false).partitions) };
  });

/** The errors of those that could not be created. */
const createAll = (core: Core, topics: readonly ITopicConfig[], validateOnly: boolean, refused: Refusals) => {
  const created = topics.map((config) => ({
    topic: config.topic,
    type: refused.creation(config.topic) ?? core.topics.create(config, validateOnly),
  }));
  return created
    .toSorted((a, b) => a.topic.localeCompare(b.topic))
    .flatMap(({ topic, type }) => (type ? [createTopicError(type, topic)] : []));
};

const growAll = (
  core: Core,
  topicPartitions: readonly ITopicPartitionConfig[],
  validateOnly: boolean,
  refused: Refusals,
): void => {
  const refusals = topicPartitions
    .toSorted((a, b) => a.topic.localeCompare(b.topic))
    .map((config) => refused.topic(config.topic) ?? core.topics.grow(config, validateOnly));
  throwRefusal(refusals.find((type) => type !== undefined));
};

/** kafkajs has an answer for each topic, also where the broker refuses the request as a whole. */
const errorsOf = async (
  topics: readonly string[],
  create: () => Promise<KafkaJSError[]>,
): Promise<KafkaJSError[]> => {
  try {
    return await create();
  } catch (error) {
    const type = PROTOCOL_ERROR_TYPES.find((each) => each === typeOf(error));
    if (type === undefined) throw error;
    return topics.toSorted().map((topic) => createTopicError(type, topic));
  }
};

const DELETION_TIMED_OUT =
  'Could not delete topics, check if "delete.topic.enable" is set to "true" (the default value is "false") or increase the timeout';

/** The admin calls that are about topics. */
export const createTopicCalls = (parts: AdminParts): TopicCalls => ({
  listTopics: () => parts.view.request('Metadata', visibleTopics),

  fetchTopicMetadata: async ({ topics = [] } = { topics: [] }) => {
    for (const topic of topics) {
      if (!topic || typeof topic !== 'string') throw nonRetriable(`Invalid topic ${shown(topic)}`);
    }
    return whileLeaderless(parts.view.connection, () =>
      parts.view.request(aboutTopics('Metadata', topics), (core, refused) => ({
        topics: describeTopics(core, topics, refused),
      })),
    );
  },

  createTopics: async ({ topics, validateOnly = false, waitForLeaders = true }) => {
    checkTopicConfigs(topics);
    const names = topics.map(({ topic }) => topic);
    const errors = await errorsOf(names, () =>
      parts.view.request(aboutTopics('CreateTopics', names), (core, refused) =>
        createAll(core, topics, validateOnly, refused),
      ),
    );
    if (errors.length === 0) {
      // It asks for the leaders also of topics that it did not create, and gets the answer that there are none.
      if (waitForLeaders && validateOnly)
        await parts.view.request(aboutTopics('Metadata', names), (core, refused) =>
          describeTopics(core, names, refused),
        );
      return true;
    }
    if (errors.every((error) => typeOf(error) === 'TOPIC_ALREADY_EXISTS')) return false;
    throw new kafkajs.KafkaJSAggregateError('Topic creation errors', errors);
  },

  deleteTopics: async ({ topics }) => {
    if (!Array.isArray(topics)) throw nonRetriable(`Invalid topics array ${shown(topics)}`);
    if (topics.some((topic) => typeof topic !== 'string')) {
      throw nonRetriable('Invalid topics array, the names must be a valid string');
    }
    const remove = async (): Promise<void> => {
      try {
        await parts.view.request(aboutTopics('DeleteTopics', topics), (core, refused) =>
          removeTopics(core, topics, refused),
        );
      } catch (error) {
        if (typeOf(error) === 'REQUEST_TIMED_OUT') parts.logger.error(DELETION_TIMED_OUT);
        throw error;
      }
      parts.view.untarget(topics);
    };
    await atController(parts, 'Could not delete topics', remove, ['UNKNOWN_TOPIC_OR_PARTITION']);
  },

  createPartitions: async ({ topicPartitions, validateOnly = false }) => {
    checkPartitionConfigs(topicPartitions);
    const names = topicPartitions.map(({ topic }) => topic);
    // kafkajs says topics where it means partitions.
    await atController(parts, 'Could not create topics', () =>
      parts.view.request(aboutTopics('CreatePartitions', names), (core, refused) =>
        growAll(core, topicPartitions, validateOnly, refused),
      ),
    );
    return nothingAsBoolean();
  },
});
