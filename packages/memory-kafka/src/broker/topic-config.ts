import kafkajs from 'kafkajs';
import type { ConfigEntries, IResourceConfigEntry } from 'kafkajs';
import { CONFIG_DEFINITIONS, type ConfigDefinition } from './topic-config-definitions.ts';

/** What a topic itself is configured with, by the names of Kafka's topic configurations; everything else is at its default. */
export type TopicConfig = ReadonlyMap<string, string>;

/** Checks and normalizes entries as Kafka does, the last of a name counting; undefined if they are not legal. */
export const parseTopicConfig = (entries: readonly IResourceConfigEntry[]): TopicConfig | undefined => {
  const config = new Map<string, string>();
  for (const { name, value } of entries) {
    const parsed = CONFIG_DEFINITIONS.get(name)?.parse(value);
    if (parsed === undefined) return undefined;
    config.set(name, parsed);
  }
  return isConsistent(config) ? config : undefined;
};

/** The value of one configuration, also where it is the default; throws TypeError for a name that Kafka does not know. */
export const configValue = (config: TopicConfig, name: string): string => {
  const value = config.get(name) ?? CONFIG_DEFINITIONS.get(name)?.initial;
  if (value === undefined) throw new TypeError(`There is no topic configuration "${name}"`);
  return value;
};

/** A message cannot have to stay uncompacted for longer than it may. */
const isConsistent = (config: TopicConfig): boolean =>
  BigInt(configValue(config, 'min.compaction.lag.ms')) <=
  BigInt(configValue(config, 'max.compaction.lag.ms'));

/** Where a value comes from, the one that counts first. */
const synonymsOf = (config: TopicConfig, name: string, { initial, brokerNames }: ConfigDefinition) => {
  const { TOPIC_CONFIG, DEFAULT_CONFIG, DYNAMIC_DEFAULT_BROKER_CONFIG } = kafkajs.ConfigSource;
  const own = config.get(name);
  return [
    ...(own === undefined ? [] : [{ configName: name, configValue: own, configSource: TOPIC_CONFIG }]),
    ...brokerNames.map((configName, index) => ({
      configName,
      configValue: initial,
      configSource: index < brokerNames.length - 1 ? DYNAMIC_DEFAULT_BROKER_CONFIG : DEFAULT_CONFIG,
    })),
  ];
};

const describeOne = (
  config: TopicConfig,
  name: string,
  definition: ConfigDefinition,
  withSynonyms: boolean,
): ConfigEntries => {
  const synonyms = synonymsOf(config, name, definition);
  const configSource = synonyms[0]?.configSource ?? kafkajs.ConfigSource.DEFAULT_CONFIG;
  return {
    configName: name,
    configValue: configValue(config, name),
    readOnly: false,
    isDefault: configSource === kafkajs.ConfigSource.DEFAULT_CONFIG,
    configSource,
    isSensitive: false,
    configSynonyms: withSynonyms ? synonyms : [],
  };
};

/** Kafka's answer about a topic: the configurations asked for, or all if none is named; unknown names are left out. */
export const describeTopicConfig = (
  config: TopicConfig,
  names: readonly string[],
  withSynonyms: boolean,
): ConfigEntries[] =>
  [...CONFIG_DEFINITIONS]
    .filter(([name]) => names.length === 0 || names.includes(name))
    .map(([name, definition]) => describeOne(config, name, definition, withSynonyms));
