import kafkajs from 'kafkajs';
import type { Admin, IResourceConfig, ResourceConfigQuery } from 'kafkajs';
import { configureResource, describeResource, refusalOfResource } from '../broker/config-resources.ts';
import type { Core } from '../broker/core.ts';
import { throwRefusal, type Refusals } from '../broker/refusals.ts';
import type { RequestName } from '../broker/requests.ts';
import { nonRetriable, unknownBroker } from '../errors.ts';
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

/** What is asked of one broker, or of the controller if no broker is named. */
interface Asked<R> {
  readonly nodeId: number;
  readonly resources: R[];
}

const { BROKER, BROKER_LOGGER } = kafkajs.ConfigResourceTypes;

/** What is about a broker is asked of that broker, everything else of the controller. */
const byBroker = <R extends ResourceConfigQuery | IResourceConfig>(
  { brokers }: Core,
  resources: readonly R[],
): Asked<R>[] => {
  const asked = new Map<number, Asked<R>>();
  for (const resource of resources) {
    const isBrokers = resource.type === BROKER || resource.type === BROKER_LOGGER;
    const nodeId = isBrokers ? brokers.up().find((id) => String(id) === resource.name) : brokers.any();
    if (nodeId === undefined) throw unknownBroker(resource.name);
    const known = asked.get(nodeId);
    if (known === undefined) asked.set(nodeId, { nodeId, resources: [resource] });
    else known.resources.push(resource);
  }
  return [...asked.values()];
};

/** Carries out a request for each broker that has to be asked, and answers what they answer, one after the other. */
const atBrokers = async <R extends ResourceConfigQuery | IResourceConfig, A>(
  { view }: AdminParts,
  name: RequestName,
  resources: readonly R[],
  carryOut: (core: Core, resource: R, refused: Refusals) => A,
): Promise<A[]> => {
  const asked = byBroker(await view.connection.core(), resources);
  const answers = asked.map(({ nodeId, resources: own }) =>
    view.request({ name, nodeId }, (core, refused) =>
      carryOutEach(own, (resource) => carryOut(core, resource, refused)),
    ),
  );
  return (await Promise.all(answers)).flat();
};

/** The admin calls that are about configurations. */
export const createConfigCalls = (parts: AdminParts): ConfigCalls => ({
  describeConfigs: async ({ resources, includeSynonyms }) => {
    checkResources(resources);
    checkNames(resources);
    const described = await atController(parts, 'Could not describe configs', () =>
      atBrokers(parts, 'DescribeConfigs', resources, (core, { type, name, configNames }, refused) => {
        const resource = { type, name };
        throwRefusal(refusalOfResource(resource, refused));
        return {
          errorCode: 0,
          errorMessage: '',
          resourceType: type,
          resourceName: name,
          configEntries: describeResource(core, resource, configNames ?? [], includeSynonyms),
        };
      }),
    );
    return asTypedConfigs({ resources: described });
  },

  alterConfigs: async ({ resources, validateOnly }) => {
    checkResources(resources);
    checkEntries(resources);
    const altered = await atController(parts, 'Could not alter configs', () =>
      atBrokers(parts, 'AlterConfigs', resources, (core, { type, name, configEntries }, refused) => {
        const resource = { type, name };
        throwRefusal(refusalOfResource(resource, refused));
        configureResource(core, resource, configEntries, validateOnly);
        return { errorCode: 0, errorMessage: null, resourceType: type, resourceName: name };
      }),
    );
    return { resources: altered };
  },
});
