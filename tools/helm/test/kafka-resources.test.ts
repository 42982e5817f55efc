import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { KAFKA_GRANTS, KAFKA_USERS, type KafkaGrant } from '@order-pipeline/contracts';
import { ALL_TOPICS } from '@order-pipeline/messaging';
import { parse } from 'yaml';
import { FOLDER } from '../src/files.ts';
import { createChartServices } from '../src/services.ts';
import { isThere, parseObjects, render } from './render.ts';
import { environmentOf, podsOf } from './workloads.ts';

// What examples/kafka-users.yaml has Strimzi's operators make, against what services need and the example's values say.

const example = (name: string): Promise<string> => readFile(new URL(`../examples/${name}`, FOLDER), 'utf8');

interface Acl {
  readonly resource: { readonly type: string; readonly name: string; readonly patternType: string };
  readonly operations: readonly string[];
}

interface Spec {
  readonly topicName: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly config: Readonly<Record<string, number>>;
  readonly authentication: { readonly type: string };
  readonly authorization: { readonly type: string; readonly acls: readonly Acl[] };
}

const resourcesOf = async (kind: string): Promise<{ readonly name: string; readonly spec: Spec }[]> =>
  parseObjects(await example('kafka-users.yaml'))
    .filter((object) => object.kind === kind)
    .map(({ metadata, spec }) => ({ name: metadata.name, spec: spec as unknown as Spec }));

/** Each right by itself, as `kafka-acls` grants them. */
const rightsOf = ({ user, operations, resource, pattern, names }: KafkaGrant): string[] =>
  operations.flatMap((operation) =>
    names.map((name) => `${user}: ${operation} ${resource} ${pattern} ${name}`),
  );

test('each user may do what the ACLs allow, and nothing else', async () => {
  const users = await resourcesOf('KafkaUser');
  const rights = users.flatMap(({ name: user, spec: { authorization } }) =>
    authorization.acls.flatMap(({ operations, resource: { type, name, patternType } }) =>
      operations.map(
        (operation) =>
          `${user}: ${operation} ${type} ${patternType === 'prefix' ? 'prefixed' : patternType} ${name}`,
      ),
    ),
  );
  expect(rights.toSorted()).toEqual(KAFKA_GRANTS.flatMap(rightsOf).toSorted());
  for (const { spec } of users)
    expect(spec).toMatchObject({
      authentication: { type: 'scram-sha-512' },
      authorization: { type: 'simple' },
    });
});

test('every topic is made with the partitions and copies of the values, and dead letters stay', async () => {
  const { kafka } = parse(await example('values.yaml')) as {
    readonly kafka: { readonly topics: Readonly<Record<string, number>> };
  };
  const { partitions, replicationFactor: replicas, minInSyncReplicas } = kafka.topics;
  const topics = await resourcesOf('KafkaTopic');
  expect(topics.map(({ spec }) => spec.topicName)).toEqual(ALL_TOPICS);
  for (const { name, spec } of topics) {
    expect(name).toMatch(/^[a-z]([-a-z0-9]*[a-z0-9])?$/);
    expect(spec).toMatchObject({
      partitions,
      replicas,
      config: { 'min.insync.replicas': minInSyncReplicas },
    });
    expect(spec.config['retention.ms']).toBe(spec.topicName.endsWith('.DLQ') ? -1 : undefined);
  }
});

test('all belong to the Kafka of strimzi.yaml, whose operators make them', async () => {
  const kafka = parseObjects(await example('strimzi.yaml')).find(({ kind }) => kind === 'Kafka');
  expect(kafka?.spec).toMatchObject({
    kafka: { authorization: { type: 'simple' } },
    entityOperator: { topicOperator: {}, userOperator: {} },
  });
  for (const { metadata, apiVersion } of parseObjects(await example('kafka-users.yaml'))) {
    expect(metadata.labels).toEqual({ 'strimzi.io/cluster': kafka?.metadata.name });
    expect(apiVersion).toBe(kafka?.apiVersion);
  }
});

(isThere('helm') ? describe : describe.skip)('the example’s values', () => {
  test('give each pod that reaches Kafka a user of its own, with the password from its Secret', () => {
    const { objects } = render('example');
    const logins = podsOf(objects).flatMap(({ spec }) => {
      const secrets = (spec.volumes ?? []).flatMap(({ projected }) =>
        (projected?.sources ?? []).filter(({ secret: { items } }) =>
          items.some(({ path }) => path === 'kafka-password'),
        ),
      );
      return spec.containers.flatMap((container) => {
        const { KAFKA_SASL_USERNAME: user } = environmentOf(objects, container);
        return user === undefined ? [] : [{ user, secrets: secrets.map(({ secret }) => secret.name) }];
      });
    });
    const { services } = createChartServices();
    const reaching = Object.values(services).filter(({ kafka }) => kafka);
    expect(logins).toHaveLength(reaching.length + 1);
    expect(logins.map(({ user }) => user).toSorted()).toEqual([...KAFKA_USERS].toSorted());
    // The operator puts the password into the Secret of the user's name.
    for (const { user, secrets } of logins) expect([user, secrets]).toEqual([user, [user]]);
  });
});
