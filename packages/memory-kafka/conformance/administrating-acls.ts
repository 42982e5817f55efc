import { expect } from '@jest/globals';
import type { AclFilter } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { aclOf, adminOf, setRules } from './secured.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

const DENIED = { name: 'KafkaJSProtocolError', type: 'CLUSTER_AUTHORIZATION_FAILED', code: 31 };

/** All ACLs about topics of that name. */
const filterOf = ({ kafkajs }: World, resourceName: string, rest: Partial<AclFilter> = {}): AclFilter => ({
  resourceType: kafkajs.AclResourceTypes.TOPIC,
  resourceName,
  resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
  operation: kafkajs.AclOperationTypes.ANY,
  permissionType: kafkajs.AclPermissionTypes.ANY,
  ...rest,
});

/** The admin's calls about ACLs. */
export const administratingAcls: Area = (behaviour) => {
  behaviour('ACLs are described by resource', async (world) => {
    const admin = await adminOf(world, 'admin');
    const name = world.unique('described');
    await setRules(
      admin,
      world,
      { on: 'topic', name, operation: 'READ' },
      { on: 'topic', name, operation: 'WRITE', user: 'bob', permission: 'DENY' },
    );
    const described = await admin.describeAcls(filterOf(world, name));
    const { AclOperationTypes: op, AclPermissionTypes: permission } = world.kafkajs;
    expect(Object.keys(described)).toEqual(['resources']);
    expect(described.resources).toEqual([
      {
        resourceType: world.kafkajs.AclResourceTypes.TOPIC,
        resourceName: name,
        resourcePatternType: world.kafkajs.ResourcePatternTypes.LITERAL,
        acls: expect.arrayContaining([
          { principal: 'User:alice', host: '*', operation: op.READ, permissionType: permission.ALLOW },
          { principal: 'User:bob', host: '*', operation: op.WRITE, permissionType: permission.DENY },
        ]),
      },
    ]);
    expect(described.resources[0]?.acls).toHaveLength(2);
  });

  behaviour('createAcls resolves to true, also for one that there is', async (world) => {
    const admin = await adminOf(world, 'admin');
    const name = world.unique('twice');
    const acl = [aclOf(world, { on: 'topic', name, operation: 'READ' })];
    expect([await admin.createAcls({ acl }), await admin.createAcls({ acl })]).toEqual([true, true]);
    await eventually(async () => {
      const { resources } = await admin.describeAcls(filterOf(world, name));
      expect(resources.map(({ acls }) => acls.length)).toEqual([1]);
    });
  });

  behaviour('a filter is about principals, operations and permissions', async (world) => {
    const admin = await adminOf(world, 'admin');
    const name = world.unique('filtered');
    await setRules(
      admin,
      world,
      { on: 'topic', name, operation: 'READ' },
      { on: 'topic', name, operation: 'WRITE' },
      { on: 'topic', name, operation: 'READ', user: 'bob', permission: 'DENY' },
    );
    const count = async (rest: Partial<AclFilter>) =>
      (await admin.describeAcls(filterOf(world, name, rest))).resources.flatMap(({ acls }) => acls).length;
    const { AclOperationTypes: op, AclPermissionTypes: permission, AclResourceTypes: type } = world.kafkajs;
    expect(await count({})).toBe(3);
    expect(await count({ principal: 'User:alice' })).toBe(2);
    expect(await count({ operation: op.READ })).toBe(2);
    expect(await count({ permissionType: permission.DENY })).toBe(1);
    expect(await count({ host: '127.0.0.1' })).toBe(0);
    expect(await count({ resourceType: type.GROUP })).toBe(0);
    expect(await count({ resourceType: type.ANY })).toBe(3);
  });

  behaviour('MATCH finds what is about a name, by the name itself and by a prefix', async (world) => {
    const admin = await adminOf(world, 'admin');
    const name = world.unique('matched');
    const prefix = name.slice(0, -1);
    await setRules(
      admin,
      world,
      { on: 'topic', name, operation: 'READ' },
      { on: 'topic', name: prefix, operation: 'WRITE', pattern: 'PREFIXED' },
      { on: 'topic', name: prefix, operation: 'ALTER' },
    );
    const { MATCH, PREFIXED, ANY } = world.kafkajs.ResourcePatternTypes;
    const find = async (asked: string, resourcePatternType: AclFilter['resourcePatternType']) => {
      const { resources } = await admin.describeAcls(filterOf(world, asked, { resourcePatternType }));
      return resources.map(({ resourceName }) => resourceName).toSorted();
    };
    expect(await find(name, MATCH)).toEqual([prefix, name]);
    expect(await find(prefix, PREFIXED)).toEqual([prefix]);
    expect(await find(prefix, ANY)).toEqual([prefix, prefix]);
  });

  behaviour('deleteAcls answers what it has deleted, by filter', async (world) => {
    const admin = await adminOf(world, 'admin');
    const name = world.unique('deleted');
    await setRules(admin, world, { on: 'topic', name, operation: 'READ' });
    const filters = [filterOf(world, name), filterOf(world, world.unique('none'))];
    const deleted = await admin.deleteAcls({ filters });
    const acl = aclOf(world, { on: 'topic', name, operation: 'READ' });
    const success = { errorCode: 0, errorMessage: null };
    expect(deleted).toEqual({
      filterResponses: [
        { ...success, matchingAcls: [{ ...success, ...acl }] },
        { ...success, matchingAcls: [] },
      ],
    });
    await eventually(async () => {
      expect((await admin.describeAcls(filterOf(world, name))).resources).toEqual([]);
    });
  });

  behaviour('ACLs that make no sense are refused', async (world) => {
    const admin = await adminOf(world, 'admin');
    const acl = aclOf(world, { on: 'topic', name: world.unique('odd'), operation: 'READ' });
    const create = (rest: Partial<typeof acl>) => rejection(admin.createAcls({ acl: [{ ...acl, ...rest }] }));
    const invalid = { name: 'KafkaJSProtocolError', type: 'INVALID_REQUEST' };
    expect(await create({ principal: 'alice' })).toMatchObject(invalid);
    expect(await create({ resourceName: '' })).toMatchObject(invalid);
    const resourceType = world.kafkajs.AclResourceTypes.CLUSTER;
    expect(await create({ resourceType, resourceName: 'other' })).toMatchObject(invalid);
    expect(await create({ operation: world.kafkajs.AclOperationTypes.ANY })).toMatchObject({
      name: 'KafkaJSProtocolError',
      type: 'UNKNOWN',
    });
  });

  behaviour('what cannot be sent is refused by the client, in its words', async (world) => {
    const admin = await adminOf(world, 'admin');
    const acl = aclOf(world, { on: 'topic', name: 'any', operation: 'READ' });
    const filter = filterOf(world, 'any');
    const call = async (run: (argument: never) => Promise<unknown>, argument: unknown) =>
      (await rejection(run(argument as never))).message;
    expect(await call(admin.createAcls, { acl: 'none' })).toBe('Invalid ACL array none');
    expect(await call(admin.createAcls, { acl: [] })).toBe('Empty ACL array');
    expect(await call(admin.createAcls, { acl: [{ ...acl, principal: 5 }] })).toBe(
      'Invalid ACL array, the principals have to be a valid string',
    );
    const odd = { ...acl, operation: 99 };
    expect(await call(admin.createAcls, { acl: [odd] })).toBe(
      `Invalid operation type 99: ${JSON.stringify(odd)}`,
    );
    expect(await call(admin.describeAcls, { ...filter, host: 5 })).toBe(
      'Invalid host, the host have to be a valid string',
    );
    expect(await call(admin.describeAcls, { ...filter, resourcePatternType: 99 })).toBe(
      'Invalid resource pattern filter type 99',
    );
    expect(await call(admin.deleteAcls, { filters: [] })).toBe('Empty ACL Filter array');
    expect(await call(admin.deleteAcls, { filters: [{ ...filter, resourceName: null }] })).toBe(
      'Invalid ACL Filter array, the resourceNames have to be a valid string',
    );
  });

  behaviour('without a right to the cluster nobody describes or changes ACLs', async (world) => {
    const alice = await adminOf(world, 'alice');
    const name = world.unique('any');
    const acl = [aclOf(world, { on: 'topic', name, operation: 'READ' })];
    expect(await rejection(alice.describeAcls(filterOf(world, name)))).toMatchObject(DENIED);
    expect(await rejection(alice.createAcls({ acl }))).toMatchObject(DENIED);
    expect(await rejection(alice.deleteAcls({ filters: [filterOf(world, name)] }))).toMatchObject(DENIED);
  });

  behaviour('ALTER on the cluster allows to describe and to change them', async (world) => {
    const admin = await adminOf(world, 'admin');
    const rule = { on: 'cluster', name: 'kafka-cluster', operation: 'ALTER', user: 'bob' } as const;
    await setRules(admin, world, rule);
    try {
      const bob = await adminOf(world, 'bob');
      const name = world.unique('by-bob');
      expect(await bob.createAcls({ acl: [aclOf(world, { on: 'topic', name, operation: 'READ' })] })).toBe(
        true,
      );
      expect(await bob.describeAcls(filterOf(world, name))).toHaveProperty('resources');
    } finally {
      await admin.deleteAcls({ filters: [aclOf(world, rule)] });
    }
  });
};
