import kafkajs from 'kafkajs';
import type { ConfigSource, IResourceConfigEntry } from 'kafkajs';
import { protocolError } from '../errors.ts';
import { DYNAMIC_BROKER_CONFIGS } from './dynamic-broker-configs.ts';
import { STATIC_BROKER_CONFIGS } from './static-broker-configs.ts';
import { CONFIG_DEFINITIONS } from './topic-config-definitions.ts';

/** Names and values; null for what has none. */
type Values = ReadonlyMap<string, string | null>;

/** A value, by one of the names that it can be given by. */
export interface BrokerConfigSynonym {
  readonly configName: string;
  /** Null for a secret. */
  readonly configValue: string | null;
  readonly configSource: ConfigSource;
}

/** What is said of one configuration. */
export interface BrokerConfigEntry extends BrokerConfigSynonym {
  readonly readOnly: boolean;
  readonly isDefault: boolean;
  readonly isSensitive: boolean;
  readonly configSynonyms: readonly BrokerConfigSynonym[];
}

/** What the brokers of a cluster are configured with. */
export interface BrokerConfigs {
  /** The configurations of a broker that are asked for, or all if none is named; unknown names are left out. */
  describe(nodeId: number, names: readonly string[], withSynonyms: boolean): BrokerConfigEntry[];
  /** What a broker was given while it ran, by name. */
  given(nodeId: number): ReadonlyMap<string, string>;
  /**
   * Replaces what a broker was given while it ran. Throws INVALID_REQUEST for a name that comes twice, for what a running broker
   * cannot be given, and for a value that is none. A name that Kafka does not know is taken.
   */
  configure(nodeId: number, entries: readonly IResourceConfigEntry[], validateOnly: boolean): void;
  clear(): void;
}

const SECRET = '!';

const linesOf = (text: string): string[] => text.trim().split('\n');

const parse = (text: string): [string, string | null][] =>
  linesOf(text.replaceAll(SECRET, '')).map((line) => {
    const at = line.indexOf('=');
    return at < 0 ? [line, null] : [line.slice(0, at), line.slice(at + 1)];
  });

const DYNAMIC: Values = new Map(parse(DYNAMIC_BROKER_CONFIGS));
const STATIC: Values = new Map(parse(STATIC_BROKER_CONFIGS));
const SECRETS = new Set(
  [...linesOf(DYNAMIC_BROKER_CONFIGS), ...linesOf(STATIC_BROKER_CONFIGS)]
    .filter((line) => line.startsWith(SECRET))
    .map((line) => line.slice(SECRET.length)),
);

/** A running broker has these from somewhere else where it has no value for them itself. */
const SYNONYMS: Readonly<Record<string, string>> = {
  'log.flush.interval.ms': 'log.flush.scheduler.interval.ms',
  'log.retention.ms': 'log.retention.hours',
  'log.roll.jitter.ms': 'log.roll.jitter.hours',
  'log.roll.ms': 'log.roll.hours',
};

const { DEFAULT_CONFIG, DYNAMIC_BROKER_CONFIG, DYNAMIC_DEFAULT_BROKER_CONFIG, STATIC_BROKER_CONFIG } =
  kafkajs.ConfigSource;

/** As a new cluster of Kafka 4.2 has set it for all its brokers. */
const FOR_ALL_BROKERS: ReadonlyMap<string, string> = new Map([['min.insync.replicas', '1']]);

const TOPIC_DEFINITIONS = new Map(
  [...CONFIG_DEFINITIONS.values()].flatMap((definition) =>
    definition.brokerNames.map((name) => [name, definition] as const),
  ),
);

const NUMBER = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** Whether a broker would take it: numbers are numbers, booleans are booleans, and what topics have is as with topics. */
const isLegal = (name: string, value: string): boolean => {
  const definition = TOPIC_DEFINITIONS.get(name);
  if (definition !== undefined) return definition.parse(value) !== undefined;
  const initial = DYNAMIC.get(name);
  if (/^(true|false)$/.test(initial ?? '')) return /^(true|false)$/i.test(value.trim());
  return !(NUMBER.test(initial ?? '') || name.endsWith('.ms')) || NUMBER.test(value.trim());
};

const checkEntries = (entries: readonly IResourceConfigEntry[]): void => {
  const isTwice = new Set(entries.map(({ name }) => name)).size < entries.length;
  const isWrong = entries.some(({ name, value }) => STATIC.has(name) || !isLegal(name, value));
  if (isTwice || isWrong) throw protocolError('INVALID_REQUEST');
};

/** The configurations of brokers, of which `own` are not at their defaults from the start on. */
export const createBrokerConfigs = (own: Readonly<Record<string, string>>): BrokerConfigs => {
  const altered = new Map<number, ReadonlyMap<string, string>>();
  const given = (nodeId: number): ReadonlyMap<string, string> => altered.get(nodeId) ?? new Map();

  const fromStart = (nodeId: number, name: string): string | undefined => {
    const value = name === 'broker.id' || name === 'node.id' ? String(nodeId) : own[name];
    return value === STATIC.get(name) ? undefined : value;
  };

  /** Where a value comes from, the one that counts first. */
  const sourcesOf = (nodeId: number, name: string) => {
    const initial = DYNAMIC.get(name) ?? STATIC.get(name);
    const synonym = SYNONYMS[name];
    const sources = [
      [name, given(nodeId).get(name), DYNAMIC_BROKER_CONFIG],
      [name, FOR_ALL_BROKERS.get(name), DYNAMIC_DEFAULT_BROKER_CONFIG],
      [name, fromStart(nodeId, name), STATIC_BROKER_CONFIG],
      [name, initial, DEFAULT_CONFIG],
    ] as const;
    const found = sources.flatMap(([configName, configValue, configSource]) =>
      configValue === undefined || configValue === null ? [] : [{ configName, configValue, configSource }],
    );
    if (found.length === 0 || synonym === undefined) return found;
    const configValue = STATIC.get(synonym) ?? '';
    return [...found, { configName: synonym, configValue, configSource: DEFAULT_CONFIG }];
  };

  const describeOne = (nodeId: number, name: string, withSynonyms: boolean): BrokerConfigEntry => {
    const sources = sourcesOf(nodeId, name);
    const isKnown = DYNAMIC.has(name) || STATIC.has(name);
    const isSensitive = SECRETS.has(name) || !isKnown;
    const shown = isSensitive ? sources.map((source) => ({ ...source, configValue: null })) : sources;
    const configSource = sources[0]?.configSource ?? DEFAULT_CONFIG;
    return {
      configName: name,
      configValue: shown[0]?.configValue ?? null,
      readOnly: !DYNAMIC.has(name),
      isDefault: configSource === DEFAULT_CONFIG,
      configSource,
      isSensitive,
      configSynonyms: withSynonyms ? shown : [],
    };
  };

  return {
    given,
    describe: (nodeId, names, withSynonyms) =>
      [...new Set([...DYNAMIC.keys(), ...STATIC.keys(), ...given(nodeId).keys()])]
        .filter((name) => names.length === 0 || names.includes(name))
        .map((name) => describeOne(nodeId, name, withSynonyms)),
    configure: (nodeId, entries, validateOnly) => {
      checkEntries(entries);
      if (!validateOnly) altered.set(nodeId, new Map(entries.map(({ name, value }) => [name, value])));
    },
    clear: () => altered.clear(),
  };
};
