import kafkajs from 'kafkajs';
import type { AclOperationTypes, AclResourceTypes } from 'kafkajs';
import { protocolError } from '../errors.ts';
import type { ProtocolErrorType } from '../protocol-errors.ts';
import { CLUSTER_NAME, type Authorizer } from './acls.ts';
import { NOTHING_REFUSED, type Refusals } from './refusals.ts';
import type { ArrivingRequest, RequestName } from './requests.ts';

const { AclOperationTypes: Op, AclResourceTypes: Resource } = kafkajs;

/** The operations that a request needs, of each kind of resource that it is about. */
interface Needs {
  readonly topic?: AclOperationTypes;
  readonly group?: AclOperationTypes;
  readonly transactionalId?: AclOperationTypes;
  readonly cluster?: AclOperationTypes;
}

const NEEDS: Readonly<Partial<Record<RequestName, Needs>>> = {
  Produce: { topic: Op.WRITE, transactionalId: Op.WRITE },
  Fetch: { topic: Op.READ },
  ListOffsets: { topic: Op.DESCRIBE },
  Metadata: { topic: Op.DESCRIBE },
  OffsetCommit: { topic: Op.READ, group: Op.READ },
  OffsetFetch: { topic: Op.DESCRIBE, group: Op.DESCRIBE },
  FindCoordinator: { group: Op.DESCRIBE, transactionalId: Op.DESCRIBE },
  JoinGroup: { group: Op.READ },
  Heartbeat: { group: Op.READ },
  LeaveGroup: { group: Op.READ },
  SyncGroup: { group: Op.READ },
  DescribeGroups: { group: Op.DESCRIBE },
  ListGroups: { group: Op.DESCRIBE },
  DeleteGroups: { group: Op.DELETE },
  DeleteTopics: { topic: Op.DELETE },
  DeleteRecords: { topic: Op.DELETE },
  CreatePartitions: { topic: Op.ALTER },
  InitProducerId: { transactionalId: Op.WRITE },
  AddPartitionsToTxn: { topic: Op.WRITE, transactionalId: Op.WRITE },
  AddOffsetsToTxn: { group: Op.READ, transactionalId: Op.WRITE },
  EndTxn: { transactionalId: Op.WRITE },
  TxnOffsetCommit: { topic: Op.READ, group: Op.READ, transactionalId: Op.WRITE },
  DescribeConfigs: { topic: Op.DESCRIBE_CONFIGS },
  AlterConfigs: { topic: Op.ALTER_CONFIGS },
  IncrementalAlterConfigs: { topic: Op.ALTER_CONFIGS },
  AlterPartitionReassignments: { cluster: Op.ALTER },
  ListPartitionReassignments: { cluster: Op.DESCRIBE },
  DescribeAcls: { cluster: Op.DESCRIBE },
  CreateAcls: { cluster: Op.ALTER },
  DeleteAcls: { cluster: Op.ALTER },
};

/** Requests that are answered group by group. */
const BY_GROUP: ReadonlySet<RequestName> = new Set<RequestName>([
  'OffsetFetch',
  'DescribeGroups',
  'ListGroups',
  'DeleteGroups',
]);

/** What an authorizer refuses of a request, throws the refusal of the request as a whole. */
export const refusalsFor = (authorizer: Authorizer, request: ArrivingRequest): Refusals => {
  const who = request.principal;
  const needs = NEEDS[request.name] ?? {};
  const refusing =
    (operation: AclOperationTypes | undefined, type: AclResourceTypes, refusal: ProtocolErrorType) =>
    (name: string): ProtocolErrorType | undefined =>
      operation === undefined || authorizer.allows(who, operation, type, name) ? undefined : refusal;
  const topic = refusing(needs.topic, Resource.TOPIC, 'TOPIC_AUTHORIZATION_FAILED');
  const group = refusing(needs.group, Resource.GROUP, 'GROUP_AUTHORIZATION_FAILED');
  const transactionalId = refusing(
    needs.transactionalId,
    Resource.TRANSACTIONAL_ID,
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  );
  const cluster = refusing(needs.cluster, Resource.CLUSTER, 'CLUSTER_AUTHORIZATION_FAILED');
  const mayCreateAll = () => authorizer.allows(who, Op.CREATE, Resource.CLUSTER, CLUSTER_NAME);
  const identity = (): ProtocolErrorType | undefined => {
    const mayWrite =
      authorizer.allows(who, Op.IDEMPOTENT_WRITE, Resource.CLUSTER, CLUSTER_NAME) ||
      authorizer.allowsAny(who, Op.WRITE, Resource.TOPIC);
    return mayWrite ? undefined : 'CLUSTER_AUTHORIZATION_FAILED';
  };

  const whole = [
    cluster(CLUSTER_NAME),
    request.transactionalId === undefined ? undefined : transactionalId(request.transactionalId),
    request.name === 'InitProducerId' && request.transactionalId === undefined ? identity() : undefined,
    request.groupId === undefined || BY_GROUP.has(request.name) ? undefined : group(request.groupId),
  ].find((type) => type !== undefined);
  if (whole !== undefined) throw protocolError(whole);

  return {
    ...NOTHING_REFUSED,
    topic,
    group,
    transactionalId,
    brokerConfigs: () =>
      needs.topic === undefined || authorizer.allows(who, needs.topic, Resource.CLUSTER, CLUSTER_NAME)
        ? undefined
        : 'CLUSTER_AUTHORIZATION_FAILED',
    creation: (name) =>
      mayCreateAll() || authorizer.allows(who, Op.CREATE, Resource.TOPIC, name)
        ? undefined
        : 'TOPIC_AUTHORIZATION_FAILED',
  };
};
