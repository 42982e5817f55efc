import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { createConfigured, describeConfigs, valuesOf } from './configured-topics.ts';
import { unchecked } from './unchecked.ts';
import { rejection } from './waiting.ts';

export const topicConfigs: Area = (behaviour) => {
  behaviour('what a topic is created with is described, as texts, with its source', async (world) => {
    const topic = await createConfigured(world, {
      'retention.ms': '86400000',
      'cleanup.policy': 'compact,delete',
    });
    const common = { readOnly: false, isSensitive: false, configSynonyms: [] };
    const configured = { ...common, isDefault: false, configSource: 1 };
    const initial = { ...common, isDefault: true, configSource: 5 };
    expect(
      await describeConfigs(world, topic, [
        'retention.ms',
        'cleanup.policy',
        'max.message.bytes',
        'retention.bytes',
      ]),
    ).toEqual([
      { ...configured, configName: 'cleanup.policy', configValue: 'compact,delete' },
      { ...initial, configName: 'max.message.bytes', configValue: '1048588' },
      { ...initial, configName: 'retention.bytes', configValue: '-1' },
      { ...configured, configName: 'retention.ms', configValue: '86400000' },
    ]);
  });

  behaviour('a topic describes all that can be configured, if nothing is named', async (world) => {
    const topic = await world.createTopic();
    const all = await describeConfigs(world, topic, []);
    expect(Object.fromEntries(all.map((each) => [each.configName, each.configValue]))).toEqual({
      'cleanup.policy': 'delete',
      'compression.gzip.level': '-1',
      'compression.lz4.level': '9',
      'compression.type': 'producer',
      'compression.zstd.level': '3',
      'delete.retention.ms': '86400000',
      'file.delete.delay.ms': '60000',
      'flush.messages': '9223372036854775807',
      'flush.ms': '9223372036854775807',
      'follower.replication.throttled.replicas': '',
      'index.interval.bytes': '4096',
      'leader.replication.throttled.replicas': '',
      'local.retention.bytes': '-2',
      'local.retention.ms': '-2',
      'max.compaction.lag.ms': '9223372036854775807',
      'max.message.bytes': '1048588',
      'message.timestamp.after.max.ms': '3600000',
      'message.timestamp.before.max.ms': '9223372036854775807',
      'message.timestamp.type': 'CreateTime',
      'min.cleanable.dirty.ratio': '0.5',
      'min.compaction.lag.ms': '0',
      'min.insync.replicas': '1',
      preallocate: 'false',
      'remote.log.copy.disable': 'false',
      'remote.log.delete.on.disable': 'false',
      'remote.storage.enable': 'false',
      'retention.bytes': '-1',
      'retention.ms': '604800000',
      'segment.bytes': '1073741824',
      'segment.index.bytes': '10485760',
      'segment.jitter.ms': '0',
      'segment.ms': '604800000',
      'unclean.leader.election.enable': 'false',
    });
    // Kafka 4.2 sets this one for all brokers by itself, so it is no default.
    expect(all.filter(({ isDefault }) => !isDefault).map(({ configName }) => configName)).toEqual([
      'min.insync.replicas',
    ]);
  });

  behaviour('synonyms say where a value comes from, the one that counts first', async (world) => {
    const topic = await createConfigured(world, { 'cleanup.policy': 'compact' });
    const names = ['cleanup.policy', 'max.message.bytes', 'min.insync.replicas', 'retention.ms'];
    const found = await describeConfigs(world, topic, names, true);
    const shown = found.map(({ configSynonyms }) =>
      configSynonyms.map((each) => `${each.configName}=${each.configValue} from ${each.configSource}`),
    );
    expect(shown).toEqual([
      ['cleanup.policy=compact from 1', 'log.cleanup.policy=delete from 5'],
      ['message.max.bytes=1048588 from 5'],
      ['min.insync.replicas=1 from 3', 'min.insync.replicas=1 from 5'],
      [],
    ]);
  });

  behaviour('names that do not exist are left out, and topics that do not exist refused', async (world) => {
    const topic = await world.createTopic();
    expect(await valuesOf(world, topic, 'nonsense', 'segment.ms')).toEqual({ 'segment.ms': '604800000' });
    expect(await rejection(describeConfigs(world, world.unique('unknown'), []))).toMatchObject({
      name: 'KafkaJSProtocolError',
      type: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
    expect(await rejection(describeConfigs(world, 'not legal', []))).toMatchObject({
      type: 'INVALID_TOPIC_EXCEPTION',
    });
  });

  behaviour('describing checks its arguments', async ({ admin }) => {
    const refusal = async (resources: unknown) =>
      rejection(admin.describeConfigs({ resources: unchecked(resources), includeSynonyms: false }));
    const invalid = [
      [undefined, 'Invalid resources array undefined'],
      [[], 'Resources array cannot be empty'],
      [[{ type: 9, name: 't' }], 'Invalid resource type 9: {"type":9,"name":"t"}'],
      [[{ type: 2, name: '' }], 'Invalid resource name : {"type":2,"name":""}'],
      [
        [{ type: 2, name: 't', configNames: 'x' }],
        'Invalid resource configNames x: {"type":2,"name":"t","configNames":"x"}',
      ],
    ] as const;
    for (const [resources, message] of invalid) {
      expect(await refusal(resources)).toMatchObject({ name: 'KafkaJSNonRetriableError', message });
    }
    expect(await refusal([{ type: 0, name: 't' }])).toMatchObject({ type: 'INVALID_REQUEST', code: 42 });
  });
};
