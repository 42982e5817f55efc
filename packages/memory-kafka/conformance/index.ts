import { describe } from '@jest/globals';
import { behavioursOf, type Area } from './behaviour.ts';
import { committing } from './committing.ts';
import { assigners } from './assigners.ts';
import { groups } from './groups.ts';
import { startingPoint } from './starting-point.ts';
import { subscribing } from './subscribing.ts';
import { commitOffsets } from './commit-offsets.ts';
import { coordinating } from './coordinating.ts';
import { heartbeats } from './heartbeats.ts';
import { lifecycle } from './lifecycle.ts';
import { pausingInHandlers } from './pausing-in-handlers.ts';
import { pausing } from './pausing.ts';
import { rebalances } from './rebalancing.ts';
import { runs } from './running.ts';
import { seekingInHandlers } from './seeking-in-handlers.ts';
import { seeking } from './seeking.ts';
import { sessions } from './sessions.ts';
import { stopping } from './stopping.ts';
import { requestTimeouts } from './request-timeouts.ts';
import { resolving } from './resolving.ts';
import { batches } from './batches.ts';
import { rawBatches } from './raw-batches.ts';
import { constructing } from './constructing.ts';
import { exported } from './exports.ts';
import { partitioning } from './partitioning.ts';
import { producers } from './producers.ts';
import { producing } from './producing.ts';
import { records } from './records.ts';
import { sendingOrder } from './sending-order.ts';
import { sizes } from './sizes.ts';
import { timestamps } from './timestamps.ts';
import { failingHandler } from './failing-handler.ts';
import { crashing } from './crashing.ts';
import { concurrency } from './concurrency.ts';
import { networkEvents } from './network-events.ts';
import { consumerEvents } from './consumer-events.ts';
import { changingTopics } from './changing-topics.ts';
import { creatingTopics } from './creating-topics.ts';
import { consumerLogging } from './consumer-logging.ts';
import { alteringConfigs } from './altering-configs.ts';
import { brokerConfigs } from './broker-configs.ts';
import { reassigning } from './reassigning.ts';
import { configEffects } from './config-effects.ts';
import { topicConfigs } from './topic-configs.ts';
import { topicOffsets } from './topic-offsets.ts';
import { administratingGroups } from './administrating-groups.ts';
import { offsetsOfGroups } from './offsets-of-groups.ts';
import { listeners } from './listeners.ts';
import { backingOff } from './backing-off.ts';
import { administratingAcls } from './administrating-acls.ts';
import { loggingIn } from './logging-in.ts';
import { loggingInAgain } from './logging-in-again.ts';
import { rightsToGroups } from './rights-to-groups.ts';
import { rightsToTheCluster } from './rights-to-the-cluster.ts';
import { rightsToTopics } from './rights-to-topics.ts';
import { rightsToTransactions } from './rights-to-transactions.ts';
import { transactionalOffsets } from './transactional-offsets.ts';
import { transactions } from './transactions.ts';
import { usingTransactions } from './using-transactions.ts';
import type { Side } from './side.ts';

export type { Side } from './side.ts';

const AREAS: Readonly<Record<string, Area>> = {
  committing,
  assigners,
  groups,
  rebalances,
  coordinating,
  sessions,
  heartbeats,
  seeking,
  'seeking in handlers': seekingInHandlers,
  pausing,
  'pausing in handlers': pausingInHandlers,
  lifecycle,
  running: runs,
  stopping,
  'starting point': startingPoint,
  subscribing,
  commitOffsets: commitOffsets,
  resolving,
  batches,
  'raw batches': rawBatches,
  exports: exported,
  constructing,
  partitioning,
  records,
  timestamps,
  producing,
  sizes,
  producers,
  'order and idempotence': sendingOrder,
  'failing handler': failingHandler,
  crashing,
  concurrency,
  'events of consumers': consumerEvents,
  'events of the network': networkEvents,
  'timeouts of requests': requestTimeouts,
  'creating topics': creatingTopics,
  'changing topics': changingTopics,
  'logging of consumers': consumerLogging,
  'offsets of topics': topicOffsets,
  'configuration of topics': topicConfigs,
  'altering configurations': alteringConfigs,
  'effects of configurations': configEffects,
  'configuration of brokers': brokerConfigs,
  'reassigning partitions': reassigning,
  'offsets of groups': offsetsOfGroups,
  'administrating groups': administratingGroups,
  listeners,
  'backing off': backingOff,
  transactions,
  'using transactions': usingTransactions,
  'offsets of transactions': transactionalOffsets,
  'logging in': loggingIn,
  'logging in again': loggingInAgain,
  'rights to topics': rightsToTopics,
  'rights to groups': rightsToGroups,
  'rights to transactions': rightsToTransactions,
  'rights to the cluster': rightsToTheCluster,
  'administrating ACLs': administratingAcls,
};

/**
 * Declares the conformance suite for one side, as tests of jest: what kafkajs 2.2.4 does on a real Kafka, and what a
 * stand-in has to do as well. The bodies know nothing of the side that they run on.
 */
export const describeConformance = (side: Side): void => {
  const behaviour = behavioursOf(side);
  describe(side.name, () => {
    for (const [name, declare] of Object.entries(AREAS)) describe(name, () => declare(behaviour));
  });
};
