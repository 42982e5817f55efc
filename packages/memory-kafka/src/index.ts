import kafkajs from 'kafkajs';
import { clusterOf, createCluster } from './cluster.ts';
import { Kafka } from './kafka.ts';

export { Kafka, type MemoryKafkaConfig } from './kafka.ts';
export type { Link } from './client/connection.ts';
export { clusterOf, createCluster, type ClusterOptions, type MemoryCluster } from './cluster.ts';
export type { Listener, ListenOptions } from './wire/listener.ts';
export type { Retention } from './broker/log-policy.ts';
export { createSeededRandom } from './seeded-random.ts';
export { createManualClock, createSystemClock, type Cancel, type Clock, type ManualClock } from './clock.ts';
export type { AuthorizerOptions, GivenAcl } from './broker/acls.ts';
export type { SaslMechanism, SaslOptions } from './broker/mechanisms.ts';
export type { Api } from './broker/apis.ts';
export type { Chances, FaultHandle, Faults, Hold, OlderOffset, Unflushed, When } from './broker/faults.ts';
export type { RecordedRequest, RecordFilter, RequestRecord } from './broker/request-log.ts';
export type { Place, RequestFilter, RequestName } from './broker/requests.ts';
export type {
  ClusterState,
  GroupMemberState,
  GroupOffsetState,
  GroupSnapshot,
  PartitionState,
} from './broker/inspect.ts';
export { PROTOCOL_ERROR_TYPES, type ProtocolErrorType } from './protocol-errors.ts';
export * from './kafkajs-exports.ts';

// As with kafkajs: to Node an ES module gets at the whole of a CommonJS one by its default export only.
export default { ...kafkajs, Kafka, clusterOf, createCluster };
