import { createRequire } from 'node:module';

interface PartitionMetadata {
  readonly partitionErrorCode: number;
  readonly leader: number;
}

interface Metadata {
  readonly topicMetadata: readonly { readonly partitionMetadata: readonly PartitionMetadata[] }[];
}

/** What is used of a module of kafkajs that reads the answer to a Metadata request. */
interface MetadataResponse {
  parse(metadata: Metadata): Promise<Metadata>;
}

/** The versions of the request that kafkajs 2.2.4 knows. */
const VERSIONS = [0, 1, 2, 3, 4, 5, 6];
const LEADER_NOT_AVAILABLE = 5;

const hasLeader = ({ leader }: PartitionMetadata): boolean => leader >= 0;

const patched = new WeakSet<MetadataResponse>();

/** The same answer, in which a partition without a leader says nothing of its own where others of its topic have one. */
const withoutLeaderless = (metadata: Metadata): Metadata => ({
  ...metadata,
  topicMetadata: metadata.topicMetadata.map((topic) =>
    topic.partitionMetadata.some(hasLeader)
      ? {
          ...topic,
          partitionMetadata: topic.partitionMetadata.map((partition) =>
            partition.partitionErrorCode === LEADER_NOT_AVAILABLE
              ? { ...partition, partitionErrorCode: 0 }
              : partition,
          ),
        }
      : topic,
  ),
});

/**
 * Lets kafkajs go on with the partitions that have a leader. kafkajs 2.2.4 refuses the whole answer to a Metadata request
 * where one partition of it has none, so neither consumers nor producers go on with any other. The leader of such a
 * partition is -1, a broker that nobody finds: a send to it fails by itself, and nobody fetches from it.
 */
export const letKafkajsWorkAroundLeaderless = (): void => {
  const require = createRequire(import.meta.url);
  for (const version of VERSIONS) {
    const response = require(
      `kafkajs/src/protocol/requests/metadata/v${version}/response.js`,
    ) as MetadataResponse;
    if (patched.has(response)) continue;
    patched.add(response);
    const { parse } = response;
    response.parse = (metadata) => parse(withoutLeaderless(metadata));
  }
};
