import kafkajs from 'kafkajs';
import type { IResourceConfigEntry } from 'kafkajs';
import { protocolError } from '../errors.ts';
import type { ProtocolErrorType } from '../protocol-errors.ts';
import type { BrokerConfigEntry } from './broker-configs.ts';
import type { Core } from './core.ts';
import type { Refusals } from './refusals.ts';
import { describeTopicConfig } from './topic-config.ts';

/** Something with configurations: Kafka's number of its kind, and its name. */
export interface ConfigResource {
  readonly type: number;
  readonly name: string;
}

/** Kafka's numbers of kinds. */
const TOPIC: number = kafkajs.ConfigResourceTypes.TOPIC;
const BROKER: number = kafkajs.ConfigResourceTypes.BROKER;
const BROKER_LOGGER: number = kafkajs.ConfigResourceTypes.BROKER_LOGGER;

/** The one logger of a broker. */
const ROOT_LOGGER: BrokerConfigEntry = {
  configName: 'root',
  configValue: 'INFO',
  readOnly: false,
  isDefault: false,
  configSource: kafkajs.ConfigSource.DYNAMIC_BROKER_LOGGER_CONFIG,
  isSensitive: false,
  configSynonyms: [],
};

const nodeIdOf = ({ brokers }: Core, name: string): number => {
  const nodeId = brokers.ids.find((id) => String(id) === name);
  if (nodeId === undefined) throw protocolError('INVALID_REQUEST');
  return nodeId;
};

/** Why a client may not ask for it; undefined if it may. */
export const refusalOfResource = (
  { type, name }: ConfigResource,
  refused: Refusals,
): ProtocolErrorType | undefined => (type === TOPIC ? refused.topic(name) : refused.brokerConfigs());

/**
 * The configurations asked for, or all if none is named. Throws INVALID_REQUEST for what has none, and what is thrown for topics
 * that there are not.
 */
export const describeResource = (
  core: Core,
  { type, name }: ConfigResource,
  names: readonly string[],
  withSynonyms: boolean,
): readonly BrokerConfigEntry[] => {
  if (type === TOPIC) {
    return describeTopicConfig(core.topics.describe(name, false).config(), names, withSynonyms);
  }
  if (type === BROKER) return core.brokerConfigs.describe(nodeIdOf(core, name), names, withSynonyms);
  if (type !== BROKER_LOGGER) throw protocolError('INVALID_REQUEST');
  nodeIdOf(core, name);
  return names.length === 0 || names.includes(ROOT_LOGGER.configName) ? [ROOT_LOGGER] : [];
};

/** What it was given itself, by name. Throws INVALID_REQUEST for what cannot be given anything. */
export const givenTo = (core: Core, { type, name }: ConfigResource): ReadonlyMap<string, string> => {
  if (type === TOPIC) return core.topics.describe(name, false).config();
  if (type === BROKER) return core.brokerConfigs.given(nodeIdOf(core, name));
  throw protocolError('INVALID_REQUEST');
};

/** Replaces what it was given itself. Throws INVALID_REQUEST, and what is thrown for topics. */
export const configureResource = (
  core: Core,
  { type, name }: ConfigResource,
  entries: readonly IResourceConfigEntry[],
  validateOnly: boolean,
): void => {
  if (type === TOPIC) core.topics.configure(name, entries, validateOnly);
  else if (type === BROKER) core.brokerConfigs.configure(nodeIdOf(core, name), entries, validateOnly);
  else throw protocolError('INVALID_REQUEST');
};
