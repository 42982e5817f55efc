import { configValue, type TopicConfig } from './topic-config.ts';

/** How much of a log is kept; what is not said is unlimited. */
export interface Retention {
  /** Messages of each partition. */
  readonly messages?: number;
  /** Bytes of each partition, in Kafka's format. A partition keeps at least so many, and at most one batch more. */
  readonly bytes?: number;
  /** Milliseconds of the cluster's clock, from a message's timestamp on. */
  readonly ms?: number;
}

/** When and how a log is compacted; times in milliseconds. */
export interface CompactionPolicy {
  /** A segment that is older than this is closed by the next message; what is in it may be compacted. */
  readonly segmentMs: number;
  readonly minDirtyRatio: number;
  readonly minLagMs: number;
  /** What is older is compacted, however little of the log is new. */
  readonly maxLagMs: number;
  /** How long tombstones and markers are kept. */
  readonly deleteRetentionMs: number;
}

/** What a topic's configuration means for its logs; times in milliseconds. */
export interface LogPolicy {
  /** Undefined if everything is kept. */
  readonly retention: Retention | undefined;
  /** Of one batch. */
  readonly maxBatchBytes: number;
  /** Of one segment, and so of one batch, too. */
  readonly segmentBytes: number;
  /** Undefined if it is not compacted; where it is, messages need keys. */
  readonly compaction: CompactionPolicy | undefined;
  /** How many replicas have to be in sync where all of them are to have a message. */
  readonly minInSync: number;
  /** Whether a record's timestamp is the time of its arrival. */
  readonly usesAppendTime: boolean;
  readonly timestampMaxBeforeMs: number;
  readonly timestampMaxAfterMs: number;
}

/** The topic's own limit, if it has one: -1 and everything else below 0 stands for none. */
const ownLimit = (config: TopicConfig, name: string, limit: number | undefined): number => {
  const own = config.get(name);
  if (own === undefined) return limit ?? Infinity;
  return Number(own) < 0 ? Infinity : Number(own);
};

const retentionOf = (config: TopicConfig, common: Retention): Retention | undefined => {
  const retention = {
    messages: common.messages ?? Infinity,
    bytes: ownLimit(config, 'retention.bytes', common.bytes),
    ms: ownLimit(config, 'retention.ms', common.ms),
  };
  return Object.values(retention).some((limit) => limit < Infinity) ? retention : undefined;
};

const compactionOf = (config: TopicConfig): CompactionPolicy => {
  const maxLagMs = Number(configValue(config, 'max.compaction.lag.ms'));
  return {
    segmentMs: Math.min(Number(configValue(config, 'segment.ms')), maxLagMs),
    minDirtyRatio: Number(configValue(config, 'min.cleanable.dirty.ratio')),
    minLagMs: Number(configValue(config, 'min.compaction.lag.ms')),
    maxLagMs,
    deleteRetentionMs: Number(configValue(config, 'delete.retention.ms')),
  };
};

/**
 * `common` is the retention of topics without settings of their own. Kafka's own defaults do not count: a test that looks
 * back a week later, or writes with old timestamps, finds everything.
 */
export const createLogPolicy = (config: TopicConfig, common: Retention): LogPolicy => {
  const policies = configValue(config, 'cleanup.policy').split(',');
  return {
    retention: policies.includes('delete') ? retentionOf(config, common) : undefined,
    maxBatchBytes: Number(configValue(config, 'max.message.bytes')),
    segmentBytes: Number(configValue(config, 'segment.bytes')),
    compaction: policies.includes('compact') ? compactionOf(config) : undefined,
    minInSync: Number(configValue(config, 'min.insync.replicas')),
    usesAppendTime: configValue(config, 'message.timestamp.type') === 'LogAppendTime',
    timestampMaxBeforeMs: Number(configValue(config, 'message.timestamp.before.max.ms')),
    timestampMaxAfterMs: Number(configValue(config, 'message.timestamp.after.max.ms')),
  };
};
