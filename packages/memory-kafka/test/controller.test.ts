// What an admin client does while the controller moves to another broker, or is too slow: a real broker cannot be made to refuse so,
// but kafkajs's own client can be made to see it.
import { describe, expect, it } from '@jest/globals';
import kafkajs, { type Admin, type LogEntry } from 'kafkajs';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ConfigResourceTypes,
  createCluster,
  ResourcePatternTypes,
  type RequestName,
} from '../src/index.ts';
import { FAST_RETRY, Kafka, rejection } from './support.ts';

const topic = 'orders';
const about = {
  resourceType: AclResourceTypes.TOPIC,
  resourceName: topic,
  resourcePatternType: ResourcePatternTypes.LITERAL,
};
const acl = {
  ...about,
  principal: 'User:alice',
  host: '*',
  operation: AclOperationTypes.READ,
  permissionType: AclPermissionTypes.ALLOW,
};
const filter = { ...about, operation: AclOperationTypes.ANY, permissionType: AclPermissionTypes.ANY };
const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
const configEntries = [{ name: 'retention.ms', value: '1000' }];

type Call = (admin: Admin) => Promise<unknown>;

/** What is asked of the controller, and what kafkajs says when it asks another broker. */
const CALLS: readonly (readonly [RequestName, string, Call])[] = [
  ['DeleteTopics', 'Could not delete topics', (admin) => admin.deleteTopics({ topics: [topic] })],
  [
    'CreatePartitions',
    'Could not create topics',
    (admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] }),
  ],
  [
    'AlterConfigs',
    'Could not alter configs',
    (admin) => admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries }] }),
  ],
  [
    'DescribeConfigs',
    'Could not describe configs',
    (admin) => admin.describeConfigs({ includeSynonyms: false, resources: [resource] }),
  ],
  ['CreateAcls', 'Could not create ACL', (admin) => admin.createAcls({ acl: [acl] })],
  ['DescribeAcls', 'Could not describe ACL', (admin) => admin.describeAcls(filter)],
  ['DeleteAcls', 'Could not delete ACL', (admin) => admin.deleteAcls({ filters: [filter] })],
];

describe.each(['in the process', 'kafkajs over TCP'])('%s', (side) => {
  /** Calls with an admin client whose next request of that kind is refused; `said` is what it logs meanwhile, by itself. */
  const withRefusal = async (
    api: RequestName,
    type: 'NOT_CONTROLLER' | 'REQUEST_TIMED_OUT',
    call: (admin: Admin, said: () => string[]) => Promise<void>,
  ): Promise<void> => {
    const cluster = createCluster({ authorizer: { superUsers: ['User:ANONYMOUS'] } });
    const listener = await cluster.listen();
    const entries: LogEntry[] = [];
    const config = {
      brokers: listener.brokers,
      retry: FAST_RETRY,
      logCreator: () => (entry: LogEntry) => void entries.push(entry),
    };
    const kafka = side === 'in the process' ? new Kafka({ ...config, cluster }) : new kafkajs.Kafka(config);
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic }], waitForLeaders: false });
    const fault = cluster.faults.refuse(api, type);
    try {
      await call(admin, () =>
        entries.filter(({ namespace }) => namespace === 'Admin').map(({ log }) => log.message),
      );
      expect(fault.fired()).toBe(1);
    } finally {
      await admin.disconnect();
      await listener.close();
    }
  };

  it.each(CALLS)('%s is tried again when the controller has moved', async (api, warning, call) => {
    await withRefusal(api, 'NOT_CONTROLLER', async (admin, said) => {
      await call(admin);
      expect(said()).toEqual([warning]);
    });
  });

  it.each(CALLS)('%s that takes too long is not', async (api, _warning, call) => {
    await withRefusal(api, 'REQUEST_TIMED_OUT', async (admin, said) => {
      expect(await rejection(call(admin))).toMatchObject({ type: 'REQUEST_TIMED_OUT' });
      const expected = api === 'DeleteTopics' ? [expect.stringContaining('increase the timeout')] : [];
      expect(said()).toEqual(expected);
    });
  });

  it.each(['NOT_CONTROLLER', 'REQUEST_TIMED_OUT'] as const)(
    'topics that are not created for %s are named, and not tried again',
    async (type) => {
      await withRefusal('CreateTopics', type, async (admin) => {
        const creating = admin.createTopics({ topics: [{ topic: 'b' }, { topic: 'a' }] });
        const error = await rejection(creating);
        expect(error).toBeInstanceOf(kafkajs.KafkaJSAggregateError);
        expect(error).toMatchObject({ errors: ['a', 'b'].map((name) => ({ type, topic: name })) });
      });
    },
  );
});
