/** A configuration that topics of Kafka 4.2 have. */
export interface ConfigDefinition {
  /** The value of a topic that is not configured otherwise. */
  readonly initial: string;
  /** What the brokers call it; none if they do not have it. */
  readonly brokerNames: readonly string[];
  /** The value as Kafka shows it afterwards; undefined if it is not legal. */
  parse(value: string): string | undefined;
}

type Parse = ConfigDefinition['parse'];

const MAX_INT = 2n ** 31n - 1n;
const MAX_LONG = 2n ** 63n - 1n;

const integer =
  (min: bigint, max: bigint): Parse =>
  (value) => {
    const text = value.trim();
    if (!/^[+-]?\d+$/.test(text)) return undefined;
    const parsed = BigInt(text.replace('+', ''));
    return parsed >= min && parsed <= max ? String(parsed) : undefined;
  };

const int = (min: number): Parse => integer(BigInt(min), MAX_INT);
const intUpTo = (min: number, max: number): Parse => integer(BigInt(min), BigInt(max));
const long = (min?: number): Parse => integer(min === undefined ? -MAX_LONG : BigInt(min), MAX_LONG);

const ratio: Parse = (value) => {
  const text = value.trim();
  return text !== '' && Number(text) >= 0 && Number(text) <= 1 ? text : undefined;
};

const oneOf =
  (...legal: readonly string[]): Parse =>
  (value) =>
    legal.includes(value.trim()) ? value.trim() : undefined;

const boolean: Parse = (value) => oneOf('true', 'false')(value.toLowerCase());

const namesIn = (value: string): string[] => [
  ...new Set(
    value
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== ''),
  ),
];

const policies: Parse = (value) => {
  const names = namesIn(value);
  return names.every((name) => name === 'delete' || name === 'compact') ? names.join(',') : undefined;
};

const list: Parse = (value) => namesIn(value).join(',');

const define = (initial: number | bigint | string, parse: Parse, ...brokerNames: string[]) => ({
  initial: String(initial),
  parse,
  brokerNames,
});

const DAY_MS = 24 * 60 * 60 * 1000;
const GIB = 2 ** 30;

/** As a broker of Kafka 4.2 answers that has its defaults. */
export const CONFIG_DEFINITIONS: ReadonlyMap<string, ConfigDefinition> = new Map(
  Object.entries({
    'cleanup.policy': define('delete', policies, 'log.cleanup.policy'),
    'compression.gzip.level': define(-1, intUpTo(-1, 9), 'compression.gzip.level'),
    'compression.lz4.level': define(9, intUpTo(1, 17), 'compression.lz4.level'),
    'compression.type': define(
      'producer',
      oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'),
      'compression.type',
    ),
    'compression.zstd.level': define(3, intUpTo(-131_072, 22), 'compression.zstd.level'),
    'delete.retention.ms': define(DAY_MS, long(0), 'log.cleaner.delete.retention.ms'),
    'file.delete.delay.ms': define(60_000, long(0), 'log.segment.delete.delay.ms'),
    'flush.messages': define(MAX_LONG, long(1), 'log.flush.interval.messages'),
    'flush.ms': define(MAX_LONG, long(0)),
    'follower.replication.throttled.replicas': define('', list),
    'index.interval.bytes': define(4096, int(0), 'log.index.interval.bytes'),
    'leader.replication.throttled.replicas': define('', list),
    'local.retention.bytes': define(-2, long(-2), 'log.local.retention.bytes'),
    'local.retention.ms': define(-2, long(-2), 'log.local.retention.ms'),
    'max.compaction.lag.ms': define(MAX_LONG, long(1), 'log.cleaner.max.compaction.lag.ms'),
    'max.message.bytes': define(1_048_588, int(0), 'message.max.bytes'),
    'message.timestamp.after.max.ms': define(3_600_000, long(0), 'log.message.timestamp.after.max.ms'),
    'message.timestamp.before.max.ms': define(MAX_LONG, long(0), 'log.message.timestamp.before.max.ms'),
    'message.timestamp.type': define(
      'CreateTime',
      oneOf('CreateTime', 'LogAppendTime'),
      'log.message.timestamp.type',
    ),
    'min.cleanable.dirty.ratio': define('0.5', ratio, 'log.cleaner.min.cleanable.ratio'),
    'min.compaction.lag.ms': define(0, long(0), 'log.cleaner.min.compaction.lag.ms'),
    // A new cluster of Kafka 4.2 has set this one for all its brokers, so it does not count as a default.
    'min.insync.replicas': define(1, int(1), 'min.insync.replicas', 'min.insync.replicas'),
    preallocate: define('false', boolean, 'log.preallocate'),
    'remote.log.copy.disable': define('false', boolean),
    'remote.log.delete.on.disable': define('false', boolean),
    'remote.storage.enable': define('false', boolean),
    'retention.bytes': define(-1, long(), 'log.retention.bytes'),
    'retention.ms': define(7 * DAY_MS, long(-1)),
    'segment.bytes': define(GIB, int(2 ** 20), 'log.segment.bytes'),
    'segment.index.bytes': define(10 * 2 ** 20, int(4), 'log.index.size.max.bytes'),
    'segment.jitter.ms': define(0, long(0)),
    'segment.ms': define(7 * DAY_MS, long(1)),
    'unclean.leader.election.enable': define('false', boolean, 'unclean.leader.election.enable'),
  }),
);
