// Logins and ACLs beyond what the conformance suite asks for: what only this cluster has, and clients over TCP that do not keep to
// the protocol.
import { createConnection } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  createCluster,
  logLevel,
  ResourcePatternTypes,
  type ClusterOptions,
  type GivenAcl,
  type MemoryCluster,
} from '../src/index.ts';
import { FAST_RETRY, Kafka, rejection } from './support.ts';

const users = { alice: 'secret', 'strange, =name': 'secret' };

const kafkaOf = (cluster: MemoryCluster, sasl?: kafkajs.SASLOptions) =>
  new Kafka({
    brokers: ['security:9092'],
    cluster,
    logLevel: logLevel.NOTHING,
    retry: FAST_RETRY,
    ...(sasl === undefined ? {} : { sasl }),
  });

const alice: kafkajs.SASLOptions = { mechanism: 'plain', username: 'alice', password: 'secret' };

const mayRead = (rest: Partial<GivenAcl> = {}): GivenAcl => ({
  principal: 'User:alice',
  resourceType: AclResourceTypes.TOPIC,
  resourceName: 'orders',
  operation: AclOperationTypes.READ,
  ...rest,
});

/** The topics that a client sees of one that was created before anybody asked. */
const seenBy = async (options: ClusterOptions, sasl?: kafkajs.SASLOptions): Promise<string[]> => {
  const superUsers = ['User:admin'];
  const cluster = createCluster({
    sasl: { users: { ...users, admin: 'admin' } },
    ...options,
    authorizer: { superUsers, ...options.authorizer },
  });
  const admin = { mechanism: 'plain', username: 'admin', password: 'admin' } as const;
  await kafkaOf(cluster, admin)
    .admin()
    .createTopics({ topics: [{ topic: 'orders' }] });
  return kafkaOf(cluster, sasl ?? alice)
    .admin()
    .listTopics();
};

describe('a login', () => {
  it.each(['scram-sha-256', 'scram-sha-512'] as const)('by %s takes any name', async (mechanism) => {
    const cluster = createCluster({ sasl: { users } });
    for (const username of Object.keys(users)) {
      const admin = kafkaOf(cluster, { mechanism, username, password: 'secret' }).admin();
      expect(await admin.listTopics()).toEqual([]);
    }
  });

  it('by a token is for the function that knows the tokens', async () => {
    const cluster = createCluster({
      sasl: { oauthBearer: (token) => (token === 'good' ? 'alice' : undefined) },
      authorizer: { acls: [mayRead()] },
    });
    const withToken = (value: string) =>
      kafkaOf(cluster, { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value }) });
    expect(await withToken('good').admin().listTopics()).toEqual([]);
    // Kafka has more to say before it refuses, and kafkajs does not listen: it continues, and is cut off.
    expect(await rejection(withToken('bad').admin().listTopics())).toMatchObject({
      name: 'KafkaJSConnectionClosedError',
    });
    expect(await rejection(kafkaOf(cluster, alice).admin().connect())).toMatchObject({
      type: 'UNSUPPORTED_SASL_MECHANISM',
    });
  });

  it('by a mechanism that is not enabled is refused', async () => {
    const cluster = createCluster({ sasl: { users, mechanisms: ['scram-sha-512'] } });
    expect(await rejection(kafkaOf(cluster, alice).admin().connect())).toMatchObject({
      type: 'UNSUPPORTED_SASL_MECHANISM',
    });
    const mechanisms = ['kerberos'] as never;
    expect(() => createCluster({ sasl: { users, mechanisms } })).toThrow(TypeError);
  });

  it('is made again when the connection has broken', async () => {
    const cluster = createCluster({ sasl: { users } });
    const admin = kafkaOf(cluster, alice).admin();
    await admin.connect();
    const logins = cluster.recordRequests({ api: 'authentication' });
    cluster.faults.brokerDown();
    cluster.faults.brokerUp();
    await admin.listTopics();
    expect(logins.requests.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['SaslHandshake', 'answered'],
      ['SaslAuthenticate', 'answered'],
    ]);
  });

  it('meets faults', async () => {
    const cluster = createCluster({ sasl: { users } });
    cluster.faults.refuse('SaslAuthenticate', 'SASL_AUTHENTICATION_FAILED');
    const admin = kafkaOf(cluster, alice).admin();
    expect(await rejection(admin.connect())).toMatchObject({ name: 'KafkaJSSASLAuthenticationError' });
    await admin.connect();
  });
});

describe('ACLs', () => {
  it('are the options’, and those of an admin until the reset', async () => {
    const cluster = createCluster({
      sasl: { users },
      authorizer: { superUsers: ['User:alice'], acls: [mayRead()] },
    });
    const admin = kafkaOf(cluster, alice).admin();
    const acl = { ...mayRead(), host: '*', permissionType: AclPermissionTypes.ALLOW };
    const other = { ...acl, resourceName: 'other', resourcePatternType: ResourcePatternTypes.LITERAL };
    await admin.createAcls({ acl: [other] });
    const count = async () =>
      (
        await admin.describeAcls({
          resourceType: AclResourceTypes.ANY,
          resourcePatternType: ResourcePatternTypes.ANY,
          operation: AclOperationTypes.ANY,
          permissionType: AclPermissionTypes.ANY,
        })
      ).resources.length;
    expect(await count()).toBe(2);
    cluster.reset();
    expect(await count()).toBe(1);
  });

  it.each<[string, Partial<GivenAcl>, boolean]>([
    ['its own name', {}, true],
    ['everybody', { principal: 'User:*' }, true],
    ['somebody else', { principal: 'User:bob' }, false],
    ['its own address', { host: '127.0.0.1' }, true],
    ['another address', { host: '10.0.0.1' }, false],
    ['all topics', { resourceName: '*' }, true],
    [
      'all topics, as a prefix',
      { resourceName: '*', resourcePatternType: ResourcePatternTypes.PREFIXED },
      false,
    ],
    ['another kind of resource', { resourceType: AclResourceTypes.GROUP }, false],
  ])('for %s decide about a client', async (_, rest, isSeen) => {
    expect(await seenBy({ authorizer: { acls: [mayRead(rest)] } })).toEqual(isSeen ? ['orders'] : []);
  });

  it('are about User:ANONYMOUS where nobody logs in', async () => {
    const anonymous = mayRead({ principal: 'User:ANONYMOUS' });
    const cluster = createCluster({
      authorizer: { acls: [anonymous, mayRead({ ...anonymous, operation: AclOperationTypes.CREATE })] },
    });
    const admin = kafkaOf(cluster).admin();
    await admin.createTopics({ topics: [{ topic: 'orders' }] });
    expect(await admin.listTopics()).toEqual(['orders']);
    const other = kafkaOf(createCluster({ authorizer: {} })).admin();
    expect(await rejection(other.createTopics({ topics: [{ topic: 'orders' }] }))).toMatchObject({
      errors: [{ type: 'TOPIC_AUTHORIZATION_FAILED' }],
    });
  });

  it('that there are not allow what the option says', async () => {
    expect(await seenBy({ authorizer: { allowEveryoneIfNoAclFound: true } })).toEqual(['orders']);
    const ofOthers = [mayRead({ principal: 'User:bob' })];
    expect(await seenBy({ authorizer: { allowEveryoneIfNoAclFound: true, acls: ofOthers } })).toEqual([]);
  });

  it('cannot be asked for where nothing decides by them', async () => {
    const admin = kafkaOf(createCluster()).admin();
    const acl = {
      ...mayRead(),
      host: '*',
      permissionType: AclPermissionTypes.ALLOW,
      resourcePatternType: ResourcePatternTypes.LITERAL,
    };
    const disabled = { type: 'SECURITY_DISABLED' };
    expect(await rejection(admin.createAcls({ acl: [acl] }))).toMatchObject(disabled);
    expect(await rejection(admin.describeAcls(acl))).toMatchObject(disabled);
    expect(await rejection(admin.deleteAcls({ filters: [acl] }))).toMatchObject(disabled);
  });
});

describe('over TCP', () => {
  it('a client that asks before it has logged in is hung up on', async () => {
    const listener = await createCluster({ sasl: { users } }).listen();
    const socket = createConnection({ host: listener.host, port: listener.port });
    socket.on('error', () => undefined);
    // Metadata, version 0, of no topics.
    socket.write(Buffer.from('0000000e0003000000000001ffff00000000', 'hex'));
    await once(socket, 'close');
    await listener.close();
  });

  it('a login that nobody asks for is refused, as Kafka does', async () => {
    const listener = await createCluster().listen();
    const admin = new kafkajs.Kafka({
      brokers: listener.brokers,
      sasl: alice,
      logLevel: logLevel.NOTHING,
    }).admin();
    expect(await rejection(admin.connect())).toMatchObject({ type: 'ILLEGAL_SASL_STATE' });
    await admin.disconnect();
    await listener.close();
  });

  it('a login without a handshake is refused', async () => {
    const listener = await createCluster({ sasl: { users } }).listen();
    const socket = createConnection({ host: listener.host, port: listener.port });
    // SaslAuthenticate, version 0, of no bytes.
    socket.write(Buffer.from('0000000e0024000000000001ffff00000000', 'hex'));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.readInt16BE(8)).toBe(34);
    await once(socket, 'close');
    await listener.close();
  });
});
