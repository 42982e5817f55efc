import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { alter, describeConfigs } from './configured-topics.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

const NODE = '1';

const INVALID_REQUEST = {
  name: 'KafkaJSProtocolError',
  type: 'INVALID_REQUEST',
  code: 42,
  retriable: false,
};

const ofBroker = ({ kafkajs }: World) => kafkajs.ConfigResourceTypes.BROKER;

const describeBroker = (world: World, names: string[], includeSynonyms = false) =>
  describeConfigs(world, NODE, names, includeSynonyms, ofBroker(world));

/** Other behaviours of the suite do not alter the broker: what was given to it ends with the one that gave it. */
const givenBack = async (world: World, body: () => Promise<void>): Promise<void> => {
  try {
    await body();
  } finally {
    await alter(world, NODE, {}, false, ofBroker(world));
  }
};

export const brokerConfigs: Area = (behaviour) => {
  behaviour('a broker describes what it is configured with', async (world) => {
    const names = [
      'delete.topic.enable',
      'log.retention.hours',
      'log.retention.ms',
      'message.max.bytes',
      'min.insync.replicas',
      'nonsense',
      'ssl.key.password',
    ];
    const fixed = {
      isDefault: true,
      configSource: 5,
      readOnly: true,
      isSensitive: false,
      configSynonyms: [],
    };
    const changeable = { ...fixed, readOnly: false };
    expect(await describeBroker(world, names)).toEqual([
      { ...fixed, configName: 'delete.topic.enable', configValue: 'true' },
      { ...fixed, configName: 'log.retention.hours', configValue: '168' },
      { ...changeable, configName: 'log.retention.ms', configValue: null },
      { ...changeable, configName: 'message.max.bytes', configValue: '1048588' },
      {
        ...changeable,
        configName: 'min.insync.replicas',
        configValue: '1',
        isDefault: false,
        configSource: 3,
      },
      { ...changeable, configName: 'ssl.key.password', configValue: null, isSensitive: true },
    ]);
  });

  behaviour('a broker describes everything, if nothing is named', async (world) => {
    // What is about one listener has that one's name before it; the authorizer brings a name of its own.
    const all = (await describeBroker(world, [])).filter(
      ({ configName }) => !configName.startsWith('listener.name.') && configName !== 'super.users',
    );
    expect(all).toHaveLength(320);
    expect(all.filter(({ readOnly }) => !readOnly)).toHaveLength(92);
    const named = ['broker.id', 'node.id', 'group.initial.rebalance.delay.ms', 'num.partitions'];
    expect(
      all
        .filter(({ configName }) => named.includes(configName))
        .map(({ configName, configValue, configSource }) => [configName, configValue, configSource]),
    ).toEqual([
      ['broker.id', '1', 4],
      ['group.initial.rebalance.delay.ms', '0', 4],
      ['node.id', '1', 4],
      ['num.partitions', '1', 5],
    ]);
    expect(all.filter(({ isSensitive }) => isSensitive).map(({ configName }) => configName)).toEqual([
      'delegation.token.secret.key',
      'sasl.jaas.config',
      'sasl.oauthbearer.assertion.private.key.passphrase',
      'sasl.oauthbearer.client.credentials.client.secret',
      'ssl.key.password',
      'ssl.keystore.certificate.chain',
      'ssl.keystore.key',
      'ssl.keystore.password',
      'ssl.truststore.certificates',
      'ssl.truststore.password',
    ]);
  });

  behaviour('what a broker is given counts until something else is given to it', (world) =>
    givenBack(world, async () => {
      expect(await alter(world, NODE, { 'log.cleaner.threads': '2' }, false, ofBroker(world))).toEqual({
        resources: [{ errorCode: 0, errorMessage: null, resourceType: 4, resourceName: NODE }],
      });
      const given = { configName: 'log.cleaner.threads', configValue: '2', configSource: 2 };
      const initial = { ...given, configValue: '1', configSource: 5 };
      await eventually(async () =>
        expect(await describeBroker(world, ['log.cleaner.threads'], true)).toMatchObject([
          { ...given, isDefault: false, readOnly: false, configSynonyms: [given, initial] },
        ]),
      );
      await alter(world, NODE, { 'background.threads': '11' }, true, ofBroker(world));
      await alter(world, NODE, {}, false, ofBroker(world));
      await eventually(async () =>
        expect(await describeBroker(world, ['background.threads', 'log.cleaner.threads'])).toMatchObject([
          { configValue: '10', isDefault: true },
          { configValue: '1', isDefault: true },
        ]),
      );
    }),
  );

  behaviour('a broker refuses what is no value, and what only a restart can change', (world) =>
    givenBack(world, async () => {
      const wrong = [
        { 'log.cleaner.threads': 'x' },
        { 'log.retention.ms': 'x' },
        { 'log.cleanup.policy': 'none' },
        { 'unclean.leader.election.enable': 'x' },
        { 'num.partitions': '3' },
        { 'broker.id': '3' },
        { 'background.threads': '11', 'auto.create.topics.enable': 'false' },
      ];
      for (const configuration of wrong) {
        for (const validateOnly of [false, true]) {
          const refused = alter(world, NODE, configuration, validateOnly, ofBroker(world));
          expect([configuration, await rejection(refused)]).toMatchObject([configuration, INVALID_REQUEST]);
        }
      }
      const twice = ['11', '12'].map((value) => ({ name: 'background.threads', value }));
      expect(await rejection(alter(world, NODE, twice, false, ofBroker(world)))).toMatchObject(
        INVALID_REQUEST,
      );
      expect(await describeBroker(world, ['background.threads'])).toMatchObject([{ configValue: '10' }]);
    }),
  );

  behaviour('a broker takes names that it does not know, and keeps their values secret', (world) =>
    givenBack(world, async () => {
      await alter(world, NODE, { nonsense: '3' }, false, ofBroker(world));
      const secret = { configName: 'nonsense', configValue: null, configSource: 2 };
      await eventually(async () =>
        expect(await describeBroker(world, ['nonsense'], true)).toEqual([
          { ...secret, readOnly: true, isDefault: false, isSensitive: true, configSynonyms: [secret] },
        ]),
      );
    }),
  );

  behaviour('the loggers of a broker are described, but not altered like this', async (world) => {
    const type = world.kafkajs.ConfigResourceTypes.BROKER_LOGGER;
    const loggers = await describeConfigs(world, NODE, [], false, type);
    expect(loggers.find(({ configName }) => configName === 'root')).toMatchObject({
      readOnly: false,
      isDefault: false,
      configSource: 6,
      isSensitive: false,
    });
    expect(await rejection(alter(world, NODE, { root: 'DEBUG' }, false, type))).toMatchObject(
      INVALID_REQUEST,
    );
  });

  behaviour('brokers that there are not are not found', async (world) => {
    const notFound = (name: string) => ({
      name: 'KafkaJSBrokerNotFound',
      message: `Broker ${name} not found in the cached metadata`,
      retriable: true,
    });
    for (const name of ['7', 'x']) {
      const described = describeConfigs(world, name, [], false, ofBroker(world));
      expect(await rejection(described)).toMatchObject(notFound(name));
      expect(await rejection(alter(world, name, {}, false, ofBroker(world)))).toMatchObject(notFound(name));
    }
  });

  behaviour('topics and brokers can be described together', async (world) => {
    const topic = await world.createTopic();
    const { TOPIC, BROKER } = world.kafkajs.ConfigResourceTypes;
    const { resources } = await world.admin.describeConfigs({
      resources: [
        { type: BROKER, name: NODE, configNames: ['log.segment.bytes'] },
        { type: TOPIC, name: topic, configNames: ['segment.bytes'] },
      ],
      includeSynonyms: false,
    });
    expect(
      resources.map((each) => [each.resourceType, each.configEntries.map((entry) => entry.configValue)]),
    ).toEqual([
      [BROKER, ['1073741824']],
      [TOPIC, ['1073741824']],
    ]);
  });
};
