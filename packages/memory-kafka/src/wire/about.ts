import type { Core } from '../broker/core.ts';
import type { Place, RequestAbout } from '../broker/requests.ts';
import { NO_UUID } from './codec.ts';
import { nameOfTopic } from './topic-ids.ts';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A partition is a number, or something with its number under one of these names. */
const partitionIn = (value: unknown): number | undefined => {
  if (typeof value === 'number') return value;
  if (!isFields(value)) return undefined;
  return [value['partition'], value['index']].find((each) => typeof each === 'number');
};

const nameIn = (core: Core, topic: unknown): string | undefined => {
  if (typeof topic === 'string') return topic;
  if (!isFields(topic)) return undefined;
  const name = [topic['name'], topic['topic']].find((each) => typeof each === 'string' && each !== '');
  if (typeof name === 'string') return name;
  const id = topic['topicId'];
  return Buffer.isBuffer(id) && !id.equals(NO_UUID) ? nameOfTopic(core, id) : undefined;
};

const placesIn = (core: Core, request: Fields): Place[] => {
  const groups = listIn(request['groups']).filter(isFields);
  const topics = [request, ...groups].flatMap((each) => [
    ...listIn(each['topics']),
    ...listIn(each['topicNames']),
  ]);
  return topics.flatMap((topic) => {
    const name = nameIn(core, topic);
    if (name === undefined) return [];
    const partitions = isFields(topic) ? listIn(topic['partitions']) : [];
    if (partitions.length === 0) return [{ topic: name }];
    return partitions.map((partition) => ({ topic: name, partition: partitionIn(partition) }));
  });
};

const groupIn = (request: Fields): string | undefined => {
  const [first] = listIn(request['groups']);
  const groupId = request['groupId'] || (isFields(first) ? first['groupId'] : first);
  return typeof groupId === 'string' ? groupId : undefined;
};

/** What a request is about, by the names that the messages have for groups, topics and partitions. */
export const aboutOf = (core: Core, request: unknown): Omit<RequestAbout, 'name'> => {
  if (!isFields(request)) return {};
  const { transactionalId } = request;
  return {
    groupId: groupIn(request),
    transactionalId: typeof transactionalId === 'string' ? transactionalId : undefined,
    places: () => placesIn(core, request),
  };
};
