import type { IResourceConfigEntry } from 'kafkajs';
import type { World } from './world.ts';

/** What a topic is configured with: values by the names of configurations. */
export type Configuration = Readonly<Record<string, string>>;

const entriesOf = (configuration: Configuration): IResourceConfigEntry[] =>
  Object.entries(configuration).map(([name, value]) => ({ name, value }));

/** A topic of this behaviour's own, with these configurations from its creation on. */
export const createConfigured = async (world: World, configuration: Configuration): Promise<string> => {
  const topic = world.unique('configured');
  await world.admin.createTopics({ topics: [{ topic, configEntries: entriesOf(configuration) }] });
  return topic;
};

/** The configurations of a topic, or of what `type` says, in the order of their names; all if none is named. */
export const describeConfigs = async (
  { admin, kafkajs }: World,
  name: string,
  configNames: string[],
  includeSynonyms = false,
  type = kafkajs.ConfigResourceTypes.TOPIC,
) => {
  const { resources } = await admin.describeConfigs({
    resources: [{ type, name, configNames }],
    includeSynonyms,
  });
  return resources[0]?.configEntries.toSorted((a, b) => a.configName.localeCompare(b.configName)) ?? [];
};

/** A topic's values by name. */
export const valuesOf = async (world: World, topic: string, ...names: string[]) =>
  Object.fromEntries(
    (await describeConfigs(world, topic, names)).map((each) => [each.configName, each.configValue]),
  );

/** Alters the configuration of a topic, or of what `type` says. */
export const alter = (
  { admin, kafkajs }: World,
  name: string,
  configuration: Configuration | IResourceConfigEntry[],
  validateOnly = false,
  type = kafkajs.ConfigResourceTypes.TOPIC,
): Promise<unknown> => {
  const configEntries = Array.isArray(configuration) ? configuration : entriesOf(configuration);
  return admin.alterConfigs({ resources: [{ type, name, configEntries }], validateOnly });
};
