import type { Principal } from './acls.ts';
import type { Api } from './apis.ts';

/** One kind of request of Kafka's protocol. */
export interface RequestKind {
  /** Kafka's number for it. */
  readonly key: number;
  /** The version in which kafkajs 2.2.4 asks a Kafka 4.2. */
  readonly version: number;
  readonly api: Api;
}

const KINDS = {
  Produce: { key: 0, version: 7, api: 'produce' },
  Fetch: { key: 1, version: 11, api: 'fetch' },
  ListOffsets: { key: 2, version: 3, api: 'offsets' },
  Metadata: { key: 3, version: 6, api: 'metadata' },
  OffsetCommit: { key: 8, version: 5, api: 'commit' },
  OffsetFetch: { key: 9, version: 4, api: 'offsets' },
  FindCoordinator: { key: 10, version: 2, api: 'metadata' },
  JoinGroup: { key: 11, version: 5, api: 'join' },
  Heartbeat: { key: 12, version: 3, api: 'heartbeat' },
  LeaveGroup: { key: 13, version: 3, api: 'leave' },
  SyncGroup: { key: 14, version: 3, api: 'sync' },
  DescribeGroups: { key: 15, version: 2, api: 'admin' },
  ListGroups: { key: 16, version: 2, api: 'admin' },
  CreateTopics: { key: 19, version: 3, api: 'admin' },
  DeleteTopics: { key: 20, version: 1, api: 'admin' },
  DeleteRecords: { key: 21, version: 1, api: 'admin' },
  InitProducerId: { key: 22, version: 1, api: 'transaction' },
  AddPartitionsToTxn: { key: 24, version: 1, api: 'transaction' },
  AddOffsetsToTxn: { key: 25, version: 1, api: 'transaction' },
  EndTxn: { key: 26, version: 1, api: 'transaction' },
  TxnOffsetCommit: { key: 28, version: 1, api: 'transaction' },
  DescribeConfigs: { key: 32, version: 2, api: 'admin' },
  AlterConfigs: { key: 33, version: 1, api: 'admin' },
  CreatePartitions: { key: 37, version: 1, api: 'admin' },
  DeleteGroups: { key: 42, version: 1, api: 'admin' },
  SaslHandshake: { key: 17, version: 1, api: 'authentication' },
  SaslAuthenticate: { key: 36, version: 1, api: 'authentication' },
  DescribeAcls: { key: 29, version: 1, api: 'admin' },
  CreateAcls: { key: 30, version: 1, api: 'admin' },
  DeleteAcls: { key: 31, version: 1, api: 'admin' },
  AlterPartitionReassignments: { key: 45, version: 0, api: 'admin' },
  ListPartitionReassignments: { key: 46, version: 0, api: 'admin' },
  IncrementalAlterConfigs: { key: 44, version: 1, api: 'admin' },
} as const satisfies Readonly<Record<string, RequestKind>>;

/** Kafka's names of the requests that the cluster knows. */
export type RequestName = keyof typeof KINDS;

/** The kinds of request by Kafka's names for them. */
export const REQUEST_KINDS: Readonly<Record<RequestName, RequestKind>> = KINDS;

/** Whether a request is of that name. */
export const isRequestName = (name: string): name is RequestName => Object.hasOwn(KINDS, name);

/** A topic that a request is about, or one partition of it. */
export interface Place {
  readonly topic: string;
  /** All of them, if not said. */
  readonly partition?: number | undefined;
}

/** What a request is, and what it is about. */
export interface RequestAbout {
  readonly name: RequestName;
  /** The broker that it goes to; any, if not said. */
  readonly nodeId?: number | undefined;
  readonly groupId?: string | undefined;
  readonly transactionalId?: string | undefined;
  /** Called only if somebody wants to know. */
  readonly places?: (() => readonly Place[]) | undefined;
}

/** A request that arrives at the broker. */
export interface ArrivingRequest extends RequestAbout {
  readonly clientId: string;
  readonly principal: Principal;
}

/** Which requests are meant; what is not said is any. */
export interface RequestFilter {
  readonly topic?: string;
  readonly partition?: number;
  readonly groupId?: string;
  readonly clientId?: string;
  /** The broker that it goes to. */
  readonly nodeId?: number;
}

/** Whether a request is about this partition, or about all of its topic. */
const isAbout = (place: Place, { topic, partition }: RequestFilter): boolean =>
  (topic === undefined || place.topic === topic) &&
  (partition === undefined || place.partition === undefined || place.partition === partition);

/** Whether a request is one of those that are meant. */
export const matches = (request: ArrivingRequest, filter: RequestFilter): boolean => {
  const { topic, partition, groupId, clientId, nodeId } = filter;
  if (groupId !== undefined && request.groupId !== groupId) return false;
  if (clientId !== undefined && request.clientId !== clientId) return false;
  if (nodeId !== undefined && request.nodeId !== nodeId) return false;
  if (topic === undefined && partition === undefined) return true;
  return (request.places?.() ?? []).some((place) => isAbout(place, filter));
};
