import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { alter, createConfigured, valuesOf, type Configuration } from './configured-topics.ts';
import { unchecked } from './unchecked.ts';
import { eventually, rejection } from './waiting.ts';

const INVALID_CONFIG = {
  name: 'KafkaJSProtocolError',
  message: 'Configuration is invalid',
  type: 'INVALID_CONFIG',
  code: 40,
  retriable: false,
};

export const alteringConfigs: Area = (behaviour) => {
  behaviour(
    'altering replaces all configurations of a topic; what is not named is at its default again',
    async (world) => {
      const topic = await createConfigured(world, { 'retention.ms': '86400000' });
      expect(await alter(world, topic, { 'retention.bytes': '1000000' })).toEqual({
        resources: [{ errorCode: 0, errorMessage: null, resourceType: 2, resourceName: topic }],
      });
      const values = () => valuesOf(world, topic, 'retention.ms', 'retention.bytes');
      await eventually(async () =>
        expect(await values()).toEqual({ 'retention.ms': '604800000', 'retention.bytes': '1000000' }),
      );
      await alter(world, topic, {});
      await eventually(async () =>
        expect(await values()).toEqual({ 'retention.ms': '604800000', 'retention.bytes': '-1' }),
      );
    },
  );

  behaviour('with validateOnly everything stays, and what is wrong is reported', async (world) => {
    const topic = await createConfigured(world, { 'segment.ms': '5000' });
    expect(await alter(world, topic, { 'segment.ms': '6000' }, true)).toMatchObject({
      resources: [{ errorCode: 0 }],
    });
    expect(await rejection(alter(world, topic, { 'segment.ms': 'x' }, true))).toMatchObject(INVALID_CONFIG);
    expect(await valuesOf(world, topic, 'segment.ms')).toEqual({ 'segment.ms': '5000' });
  });

  behaviour(
    'values that Kafka does not take are refused, at creation and later, and change nothing',
    async (world) => {
      const topic = await createConfigured(world, { 'segment.ms': '5000' });
      const wrong: Configuration[] = [
        { nonsense: '1' },
        { 'retention.ms': '-2' },
        { 'retention.ms': '1e3' },
        { 'retention.ms': '' },
        { 'retention.ms': '9223372036854775808' },
        { 'max.message.bytes': '-1' },
        { 'max.message.bytes': '2147483648' },
        { 'min.insync.replicas': '0' },
        { 'cleanup.policy': 'DELETE' },
        { 'cleanup.policy': 'none' },
        { 'segment.bytes': '1048575' },
        { 'segment.ms': '0' },
        { 'compression.type': 'x' },
        { 'unclean.leader.election.enable': 'x' },
        { 'min.cleanable.dirty.ratio': '2' },
        { 'message.timestamp.type': 'x' },
        { 'segment.ms': '6000', 'delete.retention.ms': '-1' },
      ];
      for (const configuration of wrong) {
        expect(await rejection(alter(world, topic, configuration))).toMatchObject(INVALID_CONFIG);
        expect(await rejection(createConfigured(world, configuration))).toMatchObject({
          errors: [{ name: 'KafkaJSCreateTopicError', type: 'INVALID_CONFIG', code: 40 }],
        });
      }
      expect(await valuesOf(world, topic, 'segment.ms')).toEqual({ 'segment.ms': '5000' });
    },
  );

  behaviour('values are described without the spaces around them, lists without repeats', async (world) => {
    const topic = await createConfigured(world, {
      'retention.ms': ' 86400000 ',
      'cleanup.policy': 'delete, compact,delete',
      'unclean.leader.election.enable': 'TRUE',
      'min.insync.replicas': '3',
      'retention.bytes': '-5',
    });
    const names = ['cleanup.policy', 'min.insync.replicas', 'retention.bytes', 'retention.ms'];
    expect(await valuesOf(world, topic, ...names, 'unclean.leader.election.enable')).toEqual({
      'cleanup.policy': 'delete,compact',
      'min.insync.replicas': '3',
      'retention.bytes': '-5',
      'retention.ms': '86400000',
      'unclean.leader.election.enable': 'true',
    });
  });

  behaviour('the same name twice: the last counts at creation, and is refused later', async (world) => {
    const topic = world.unique('twice');
    const configEntries = ['5000', '6000'].map((value) => ({ name: 'segment.ms', value }));
    await world.admin.createTopics({ topics: [{ topic, configEntries }] });
    expect(await rejection(alter(world, topic, configEntries.toReversed()))).toMatchObject({
      type: 'INVALID_REQUEST',
    });
    expect(await valuesOf(world, topic, 'segment.ms')).toEqual({ 'segment.ms': '6000' });
  });

  behaviour(
    'of several topics those that exist are altered, although the whole is refused',
    async (world) => {
      const topic = await world.createTopic();
      const [known, unknown] = [topic, world.unique('unknown')].map((name) => ({
        type: world.kafkajs.ConfigResourceTypes.TOPIC,
        name,
        configEntries: [{ name: 'segment.ms', value: '5000' }],
      }));
      const resources = known && unknown ? [known, unknown] : [];
      expect(await rejection(world.admin.alterConfigs({ resources, validateOnly: false }))).toMatchObject({
        type: 'UNKNOWN_TOPIC_OR_PARTITION',
      });
      await eventually(async () =>
        expect(await valuesOf(world, topic, 'segment.ms')).toEqual({ 'segment.ms': '5000' }),
      );
    },
  );

  behaviour('altering checks its arguments', async ({ admin }) => {
    const refusal = async (resources: unknown) =>
      rejection(admin.alterConfigs({ resources: unchecked(resources), validateOnly: false }));
    const invalid = [
      [{}, 'Invalid resources array [object Object]'],
      [[], 'Resources array cannot be empty'],
      [[{ type: 2, name: 't' }], 'Invalid resource configEntries undefined: {"type":2,"name":"t"}'],
      [
        [{ type: 2, name: 't', configEntries: [{ name: 'x', value: 1 }] }],
        'Invalid resource config value: {"type":2,"name":"t","configEntries":[{"name":"x","value":1}]}',
      ],
    ] as const;
    for (const [resources, message] of invalid) {
      expect(await refusal(resources)).toMatchObject({ name: 'KafkaJSNonRetriableError', message });
    }
  });
};
