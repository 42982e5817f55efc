import type { IResourceConfigEntry } from 'kafkajs';
import type { World } from './world.ts';

/** What a topic is told of itself: values by the names of configurations. */
export type Told = Readonly<Record<string, string>>;

const entriesOf = (told: Told): IResourceConfigEntry[] =>
  Object.entries(told).map(([name, value]) => ({ name, value }));

/** A topic of this behaviour's own, told so at its creation. */
export const createTold = async (world: World, told: Told): Promise<string> => {
  const topic = world.unique('told');
  await world.admin.createTopics({ topics: [{ topic, configEntries: entriesOf(told) }] });
  return topic;
};

/** A topic's configurations, in the order of their names; all if none is named. */
export const describeConfigs = async (
  { admin, kafkajs }: World,
  name: string,
  configNames: string[],
  includeSynonyms = false,
) => {
  const type = kafkajs.ConfigResourceTypes.TOPIC;
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

/** Tells a topic something else. */
export const alter = (
  { admin, kafkajs }: World,
  name: string,
  told: Told | IResourceConfigEntry[],
  validateOnly = false,
): Promise<unknown> => {
  const configEntries = Array.isArray(told) ? told : entriesOf(told);
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  return admin.alterConfigs({ resources: [{ type, name, configEntries }], validateOnly });
};
