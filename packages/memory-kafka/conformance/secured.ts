import type { AclEntry, Admin, Kafka, KafkaConfig, SASLOptions } from 'kafkajs';
import { eventually } from './waiting.ts';
import type { World } from './world.ts';

/** The users of the brokers where clients have to log in, by PLAIN and SCRAM; `admin` may do everything. */
export const PASSWORDS = { admin: 'admin-secret', alice: 'alice-secret', bob: 'bob-secret' } as const;

/** How long a session lasts there (`connections.max.reauth.ms`). */
export const SESSION_MS = 60_000;

export type User = keyof typeof PASSWORDS;

type PasswordMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

/** How a user logs in. */
export const loginOf = (
  username: string,
  password: string,
  mechanism: PasswordMechanism = 'plain',
): SASLOptions => ({ mechanism, username, password });

/** A Kafka instance for the brokers where clients have to log in. */
export const securedKafka = (world: World, config: Partial<KafkaConfig> = {}): Kafka =>
  world.another({ brokers: [...world.side.secured], ...config });

export const kafkaOf = (world: World, user: User): Kafka =>
  securedKafka(world, { sasl: loginOf(user, PASSWORDS[user]) });

/** A connected admin client of a user's, disconnected at the end. */
export const adminOf = async (world: World, user: User): Promise<Admin> => {
  const admin = world.keep(kafkaOf(world, user).admin());
  await admin.connect();
  return admin;
};

/** A topic that nobody has rights to, and its name. */
export const createSecret = async (admin: Admin, world: World, label = 'secret'): Promise<string> => {
  const topic = world.unique(label);
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false });
  await eventually(() => admin.fetchTopicOffsets(topic));
  return topic;
};

const NAMES = {
  topic: 'TOPIC',
  group: 'GROUP',
  transactionalId: 'TRANSACTIONAL_ID',
  cluster: 'CLUSTER',
} as const;

type Operation = keyof World['kafkajs']['AclOperationTypes'];

export interface Rule {
  readonly on: keyof typeof NAMES;
  readonly name: string;
  readonly operation: Operation;
  readonly user?: User;
  readonly permission?: 'ALLOW' | 'DENY';
  readonly pattern?: 'LITERAL' | 'PREFIXED';
}

/** An ACL; for alice, and of an ALLOW of exactly that name, if nothing else is said. */
export const aclOf = (
  { kafkajs }: World,
  { on, name, operation, user = 'alice', permission = 'ALLOW', pattern = 'LITERAL' }: Rule,
): AclEntry => ({
  resourceType: kafkajs.AclResourceTypes[NAMES[on]],
  resourceName: name,
  resourcePatternType: kafkajs.ResourcePatternTypes[pattern],
  principal: `User:${user}`,
  host: '*',
  operation: kafkajs.AclOperationTypes[operation],
  permissionType: kafkajs.AclPermissionTypes[permission],
});

/** Creates ACLs, and waits until the broker goes by them. */
export const setRules = async (admin: Admin, world: World, ...rules: readonly Rule[]): Promise<void> => {
  const acls = rules.map((rule) => aclOf(world, rule));
  await admin.createAcls({ acl: acls });
  for (const acl of acls) {
    await eventually(async () => {
      const { resources } = await admin.describeAcls(acl);
      if (resources.length === 0) throw new Error('The broker does not know of an ACL yet');
    });
  }
};
