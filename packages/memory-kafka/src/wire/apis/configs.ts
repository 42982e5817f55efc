import type { IResourceConfigEntry } from 'kafkajs';
import type { Core } from '../../broker/core.ts';
import { configValue, describeTopicConfig } from '../../broker/topic-config.ts';
import { protocolError } from '../../errors.ts';
import { throwRefusal } from '../../broker/refusals.ts';
import { defineApi } from '../api.ts';
import { attempt } from '../codes.ts';
import {
  alterConfigsRequest,
  alterConfigsResponse,
  describeConfigsRequest,
  describeConfigsResponse,
  incrementalAlterConfigsRequest,
} from '../messages/topics.ts';

interface Resource {
  readonly type: number;
  readonly name: string;
}

/** Kafka's number of this kind of resource. */
const TOPIC = 2;

/** Brokers have nothing here that could be configured. */
const checkIsTopic = ({ type }: Resource): void => {
  if (type !== TOPIC) throw protocolError('INVALID_REQUEST');
};

const configsOf = (core: Core, name: string, keys: readonly string[] | null, withSynonyms: boolean) =>
  describeTopicConfig(core.topics.describe(name, false).config(), keys ?? [], withSynonyms).map((entry) => ({
    name: entry.configName,
    value: entry.configValue,
    readOnly: entry.readOnly,
    isDefault: entry.isDefault,
    source: entry.configSource,
    isSensitive: entry.isSensitive,
    synonyms: entry.configSynonyms.map(({ configName, configValue: value, configSource }) => ({
      name: configName,
      value,
      source: configSource,
    })),
    configType: 0,
    documentation: null,
  }));

export const describeConfigs = defineApi({
  api: { key: 32, name: 'DescribeConfigs', versions: [0, 4], flexibleFrom: 4 },
  request: describeConfigsRequest,
  response: describeConfigsResponse,
  handle: ({ core, refused }, { resources, includeSynonyms }) => ({
    throttleTimeMs: 0,
    results: resources.map((resource) => {
      const { type, name, keys } = resource;
      let configs: ReturnType<typeof configsOf> = [];
      const errorCode = attempt(() => {
        checkIsTopic(resource);
        throwRefusal(refused.topic(name));
        configs = configsOf(core, name, keys, includeSynonyms);
      });
      return { errorCode, errorMessage: null, type, name, configs };
    }),
  }),
  refuse: ({ resources }, code) => ({
    throttleTimeMs: 0,
    results: resources.map(({ type, name }) => ({
      errorCode: code,
      errorMessage: null,
      type,
      name,
      configs: [],
    })),
  }),
});

/** Carries out one change after the other; each has an answer of its own. */
const answers = <R extends Resource>(resources: readonly R[], codeFor: (resource: R) => number) => ({
  throttleTimeMs: 0,
  results: resources.map((resource) => {
    const errorCode = codeFor(resource);
    return { errorCode, errorMessage: null, type: resource.type, name: resource.name };
  }),
});

export const alterConfigs = defineApi({
  api: { key: 33, name: 'AlterConfigs', versions: [0, 2], flexibleFrom: 2 },
  request: alterConfigsRequest,
  response: alterConfigsResponse,
  handle: ({ core, refused }, { resources, validateOnly }) =>
    answers(resources, (resource) =>
      attempt(() => {
        checkIsTopic(resource);
        throwRefusal(refused.topic(resource.name));
        const entries = resource.configs.map(({ name, value }) => ({ name, value: value ?? '' }));
        core.topics.configure(resource.name, entries, validateOnly);
      }),
    ),
  refuse: ({ resources }, code) => answers(resources, () => code),
});

const [SET, DELETE, APPEND] = [0, 1, 2];

const without = (list: string, given: string): string =>
  list
    .split(',')
    .filter((each) => !given.split(',').includes(each))
    .join(',');

/** The configuration of a topic, changed entry by entry. */
const changed = (
  core: Core,
  topic: string,
  changes: readonly (IResourceConfigEntry & { operation: number })[],
) => {
  const config = new Map(core.topics.describe(topic, false).config());
  for (const { name, value, operation } of changes) {
    if (operation === DELETE) config.delete(name);
    else if (operation === SET) config.set(name, value);
    else if (operation === APPEND) config.set(name, `${configValue(config, name)},${value}`);
    else config.set(name, without(configValue(config, name), value));
  }
  return [...config].map(([name, value]) => ({ name, value }));
};

export const incrementalAlterConfigs = defineApi({
  api: { key: 44, name: 'IncrementalAlterConfigs', versions: [0, 1], flexibleFrom: 1 },
  request: incrementalAlterConfigsRequest,
  response: alterConfigsResponse,
  handle: ({ core, refused }, { resources, validateOnly }) =>
    answers(resources, (resource) =>
      attempt(() => {
        checkIsTopic(resource);
        throwRefusal(refused.topic(resource.name));
        const changes = resource.configs.map((each) => ({ ...each, value: each.value ?? '' }));
        core.topics.configure(resource.name, changed(core, resource.name, changes), validateOnly);
      }),
    ),
  refuse: ({ resources }, code) => answers(resources, () => code),
});
