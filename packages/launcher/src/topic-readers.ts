import { TOPIC_PARTIES, type Topic } from '@order-pipeline/contracts';
import { AssignerProtocol, type Admin, type GroupDescription } from 'kafkajs';

/** A consumer group, as far as it reads the topics that were asked for. */
export interface TopicReader {
  /** Whether it reads the topic, or may do so without its showing. */
  reads(topic: Topic): boolean;
  /** The offset behind the last message that it has processed; -1 where it has committed nothing yet. */
  committed(topic: Topic, partition: number): bigint;
}

type Offsets = Awaited<ReturnType<Admin['fetchOffsets']>>;

const NOTHING = -1n;

/** The groups of the services have their names; one that has not come yet will want everything. */
const isServiceOf = (topic: Topic, groupId: string): boolean =>
  TOPIC_PARTIES[topic].to.some((service) => service === groupId);

/** What a member reads is not known while its group is rebalancing: then it may be anything. */
const mayRead = ({ members }: GroupDescription, topic: Topic): boolean =>
  members.some(
    ({ memberMetadata }) =>
      memberMetadata.length === 0 ||
      AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics.includes(topic) !== false,
  );

const createReader = (group: GroupDescription, offsets: Offsets): TopicReader => {
  const byTopic = new Map(
    offsets.map(({ topic, partitions }) => [
      topic,
      new Map(partitions.map(({ partition, offset }) => [partition, BigInt(offset)])),
    ]),
  );
  const hasCommitted = (topic: Topic): boolean =>
    [...(byTopic.get(topic)?.values() ?? [])].some((offset) => offset > NOTHING);
  return {
    reads: (topic) => isServiceOf(topic, group.groupId) || hasCommitted(topic) || mayRead(group, topic),
    committed: (topic, partition) => byTopic.get(topic)?.get(partition) ?? NOTHING,
  };
};

/**
 * Every group that may read one of the topics: those of the services, whether they have come or not, and all that the
 * broker knows of. One that has committed something counts also while nobody is in it.
 */
export const findReaders = async (
  admin: Pick<Admin, 'listGroups' | 'describeGroups' | 'fetchOffsets'>,
  topics: readonly Topic[],
): Promise<TopicReader[]> => {
  const { groups } = await admin.listGroups();
  const services = topics.flatMap((topic) => TOPIC_PARTIES[topic].to);
  const groupIds = [...new Set<string>([...services, ...groups.map(({ groupId }) => groupId)])];
  const described = await admin.describeGroups(groupIds);
  const readers: TopicReader[] = [];
  for (const group of described.groups) {
    const { groupId } = group;
    readers.push(createReader(group, await admin.fetchOffsets({ groupId, topics: [...topics] })));
  }
  return readers;
};
