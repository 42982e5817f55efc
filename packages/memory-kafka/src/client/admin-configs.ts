import kafkajs from 'kafkajs';
import type { Admin, IResourceConfig, ResourceConfigQuery } from 'kafkajs';
import { describeTopicConfig } from '../broker/topic-config.ts';
import { throwRefusal } from '../broker/refusals.ts';
import { nonRetriable, notImplemented, protocolError } from '../errors.ts';
import { atController, type AdminParts } from './admin-parts.ts';
import { carryOutEach } from './carry-out-each.ts';
import { asTypedConfigs, shown } from './typing-gaps.ts';

type ConfigCalls = Pick<Admin, 'describeConfigs' | 'alterConfigs'>;

const RESOURCE_TYPES: readonly unknown[] = Object.values(kafkajs.ConfigResourceTypes);

const checkResources = (resources: readonly (ResourceConfigQuery | IResourceConfig)[]): void => {
  if (!Array.isArray(resources)) throw nonRetriable(`Invalid resources array ${shown(resources)}`);
  if (resources.length === 0) throw nonRetriable('Resources array cannot be empty');
  const typeless = resources.find(({ type }) => !RESOURCE_TYPES.includes(type));
  if (typeless) throw nonRetriable(`Invalid resource type ${typeless.type}: ${JSON.stringify(typeless)}`);
  const nameless = resources.find(({ name }) => !name || typeof name !== 'string');
  if (nameless) {
    throw nonRetriable(`Invalid resource name ${shown(nameless.name)}: ${JSON.stringify(nameless)}`);
  }
};

const checkNames = (resources: readonly ResourceConfigQuery[]): void => {
  for (const resource of resources) {
    const { configNames } = resource;
    if (configNames === undefined || configNames === null || Array.isArray(configNames)) continue;
    throw nonRetriable(`Invalid resource configNames ${shown(configNames)}: ${JSON.stringify(resource)}`);
  }
};

const checkEntries = (resources: readonly IResourceConfig[]): void => {
  for (const resource of resources) {
    if (Array.isArray(resource.configEntries)) continue;
    const entries = shown(resource.configEntries);
    throw nonRetriable(`Invalid resource configEntries ${entries}: ${JSON.stringify(resource)}`);
  }
  const invalid = resources.find(({ configEntries }) =>
    configEntries.some(({ name, value }) => typeof name !== 'string' || typeof value !== 'string'),
  );
  if (invalid) throw nonRetriable(`Invalid resource config value: ${JSON.stringify(invalid)}`);
};

/** Brokers have nothing here that could be configured. */
const checkTopicsOnly = (
  resources: readonly (ResourceConfigQuery | IResourceConfig)[],
  call: string,
): void => {
  const { UNKNOWN, TOPIC } = kafkajs.ConfigResourceTypes;
  if (resources.some(({ type }) => type === UNKNOWN)) throw protocolError('INVALID_REQUEST');
  if (resources.some(({ type }) => type !== TOPIC)) throw notImplemented(`admin.${call}() of brokers`);
};

/** The admin calls that are about configurations. */
export const createConfigCalls = (parts: AdminParts): ConfigCalls => ({
  describeConfigs: async ({ resources, includeSynonyms }) => {
    checkResources(resources);
    checkNames(resources);
    checkTopicsOnly(resources, 'describeConfigs');
    const described = await atController(parts, 'Could not describe configs', () =>
      parts.view.request('DescribeConfigs', (core, refused) =>
        carryOutEach(resources, ({ type, name, configNames }) => {
          throwRefusal(refused.topic(name));
          return {
            errorCode: 0,
            errorMessage: '',
            resourceType: type,
            resourceName: name,
            configEntries: describeTopicConfig(
              core.topics.describe(name, false).config(),
              configNames ?? [],
              includeSynonyms,
            ),
          };
        }),
      ),
    );
    return asTypedConfigs({ resources: described });
  },

  alterConfigs: async ({ resources, validateOnly }) => {
    checkResources(resources);
    checkEntries(resources);
    checkTopicsOnly(resources, 'alterConfigs');
    const altered = await atController(parts, 'Could not alter configs', () =>
      parts.view.request('AlterConfigs', (core, refused) =>
        carryOutEach(resources, ({ type, name, configEntries }) => {
          throwRefusal(refused.topic(name));
          core.topics.configure(name, configEntries, validateOnly);
          return { errorCode: 0, errorMessage: null, resourceType: type, resourceName: name };
        }),
      ),
    );
    return { resources: altered };
  },
});
