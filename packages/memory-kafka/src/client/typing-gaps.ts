import type {
  DeleteAclResponse,
  DescribeAclResponse,
  DescribeConfigResponse,
  OffsetsByTopicPartition,
  PartitionOffset,
} from 'kafkajs';

// Where kafkajs 2.2.4 hands out something else than its typings say, this package hands out the same as kafkajs.
// Each place where a value leaves the typings is here.

/** Offsets whose partitions are strings at run time, as those that kafkajs keeps for a member. */
export interface OffsetsAtRunTime {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: string; readonly offset: string }[];
  }[];
}

/** `uncommittedOffsets()` is typed with numeric partitions; kafkajs carries them as strings ('0'). */
export function asTypedOffsets(offsets: OffsetsAtRunTime): OffsetsByTopicPartition;
export function asTypedOffsets(offsets: OffsetsAtRunTime): unknown {
  return offsets;
}

/** A partition's number: typed as such, but a string where it comes from `uncommittedOffsets()`. */
export const toPartition = (partition: number | string): number => Number(partition);

/** `getNodeIds()` is typed with numbers; kafkajs hands out the keys of an object. */
export function asTypedNodeIds(nodeIds: readonly string[]): number[];
export function asTypedNodeIds(nodeIds: readonly string[]): unknown {
  return nodeIds;
}

/** What a caller without a compiler has handed in, as text for an error message. */
export const shown = (value: unknown): string => String(value);

/** `createPartitions()` is typed to resolve to a boolean; kafkajs resolves to undefined. */
export function nothingAsBoolean(): boolean;
export function nothingAsBoolean(): unknown {
  return undefined;
}

/** `describeConfigs()` is typed with a `throttleTime`, which kafkajs keeps to itself, and without values that are null, as secrets are. */
export function asTypedConfigs(response: { readonly resources: readonly object[] }): DescribeConfigResponse;
export function asTypedConfigs(response: object): unknown {
  return response;
}

/** `describeAcls()` is typed with a code as well; kafkajs keeps that to itself. */
export function asTypedAcls(response: Pick<DescribeAclResponse, 'resources'>): DescribeAclResponse;
export function asTypedAcls(response: object): unknown {
  return response;
}

/** `deleteAcls()` is typed without messages that are null, which all are that say nothing. */
export function asTypedDeletedAcls(response: {
  readonly filterResponses: readonly object[];
}): DeleteAclResponse;
export function asTypedDeletedAcls(response: object): unknown {
  return response;
}

/** Offsets that a transaction sends are typed without metadata; kafkajs passes on what is there. */
export const metadataOf = (entry: PartitionOffset & { readonly metadata?: string | null }): string | null =>
  entry.metadata ?? null;
