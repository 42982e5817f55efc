import type { IResourceConfigEntry } from 'kafkajs';
import type { Core } from '../../broker/core.ts';
import {
  configureResource,
  describeResource,
  givenTo,
  refusalOfResource,
  type ConfigResource,
} from '../../broker/config-resources.ts';
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

const configsOf = (
  core: Core,
  resource: ConfigResource,
  keys: readonly string[] | null,
  withSynonyms: boolean,
) =>
  describeResource(core, resource, keys ?? [], withSynonyms).map((entry) => ({
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
        throwRefusal(refusalOfResource(resource, refused));
        configs = configsOf(core, resource, keys, includeSynonyms);
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
const answers = <R extends ConfigResource>(resources: readonly R[], codeFor: (resource: R) => number) => ({
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
        throwRefusal(refusalOfResource(resource, refused));
        const entries = resource.configs.map(({ name, value }) => ({ name, value: value ?? '' }));
        configureResource(core, resource, entries, validateOnly);
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

/** What a resource was given, changed entry by entry. */
const changed = (
  core: Core,
  resource: ConfigResource,
  changes: readonly (IResourceConfigEntry & { operation: number })[],
) => {
  const config = new Map(givenTo(core, resource));
  const valueOf = (name: string): string =>
    describeResource(core, resource, [name], false)[0]?.configValue ?? '';
  for (const { name, value, operation } of changes) {
    if (operation === DELETE) config.delete(name);
    else if (operation === SET) config.set(name, value);
    else if (operation === APPEND) config.set(name, `${config.get(name) ?? valueOf(name)},${value}`);
    else config.set(name, without(config.get(name) ?? valueOf(name), value));
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
        throwRefusal(refusalOfResource(resource, refused));
        const changes = resource.configs.map((each) => ({ ...each, value: each.value ?? '' }));
        configureResource(core, resource, changed(core, resource, changes), validateOnly);
      }),
    ),
  refuse: ({ resources }, code) => answers(resources, () => code),
});
