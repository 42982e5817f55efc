import { expect } from '@jest/globals';
import kafkajs from 'kafkajs';
import type { Admin } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { aclOf, adminOf, createSecret, setRules, type Rule } from './secured.ts';

const DENIED = { type: 'CLUSTER_AUTHORIZATION_FAILED', code: 31, retriable: false };
const NODE = '1';
const { BROKER } = kafkajs.ConfigResourceTypes;

/** The calls of an admin that are about brokers. */
const CALLS: Readonly<Record<string, (admin: Admin, topic: string) => Promise<unknown>>> = {
  listPartitionReassignments: (admin, topic) =>
    admin.listPartitionReassignments({ topics: [{ topic, partitions: [0] }] }),
  alterPartitionReassignments: (admin, topic) =>
    admin.alterPartitionReassignments({
      topics: [{ topic, partitionAssignment: [{ partition: 0, replicas: [Number(NODE)] }] }],
    }),
  describeConfigs: (admin) =>
    admin.describeConfigs({ resources: [{ type: BROKER, name: NODE }], includeSynonyms: false }),
  alterConfigs: (admin) => {
    const configEntries = [{ name: 'background.threads', value: '11' }];
    return admin.alterConfigs({
      resources: [{ type: BROKER, name: NODE, configEntries }],
      validateOnly: true,
    });
  },
};

/** What one right to the cluster allows of those. */
const ALLOWED: Partial<Record<Rule['operation'], readonly string[]>> = {
  DESCRIBE: ['listPartitionReassignments'],
  ALTER: ['listPartitionReassignments', 'alterPartitionReassignments'],
  DESCRIBE_CONFIGS: ['describeConfigs'],
  ALTER_CONFIGS: ['describeConfigs', 'alterConfigs'],
};

/** The calls that a user may make; the others are refused for want of a right to the cluster. */
const allowedCalls = async (admin: Admin, topic: string): Promise<string[]> => {
  const allowed: string[] = [];
  for (const [name, call] of Object.entries(CALLS)) {
    const error = await call(admin, topic).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error === undefined) allowed.push(name);
    else expect(error).toMatchObject(DENIED);
  }
  return allowed;
};

/** What ACLs allow and refuse about brokers: their configurations, and where partitions lie. */
export const rightsToTheCluster: Area = (behaviour) => {
  behaviour('without a right to the cluster nobody moves partitions or configures brokers', async (world) => {
    const admin = await adminOf(world, 'admin');
    const name = await createSecret(admin, world);
    const rule: Rule = { on: 'topic', name, operation: 'ALL', user: 'bob' };
    await setRules(admin, world, rule);
    try {
      expect(await allowedCalls(await adminOf(world, 'bob'), name)).toEqual([]);
    } finally {
      await admin.deleteAcls({ filters: [aclOf(world, rule)] });
    }
  });

  for (const [operation, calls] of Object.entries(ALLOWED)) {
    behaviour(`${operation} on the cluster allows what it is for`, async (world) => {
      const admin = await adminOf(world, 'admin');
      const topic = await createSecret(admin, world);
      // What others may do to the cluster is part of other behaviours, so this right ends with this one.
      const rule = { on: 'cluster', name: 'kafka-cluster', operation, user: 'bob' } as Rule;
      await setRules(admin, world, rule);
      try {
        expect(await allowedCalls(await adminOf(world, 'bob'), topic)).toEqual(calls);
      } finally {
        await admin.deleteAcls({ filters: [aclOf(world, rule)] });
      }
    });
  }
};
