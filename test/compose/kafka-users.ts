import type { KafkaUser } from '@order-pipeline/contracts';
import { causeOf } from '@order-pipeline/service-kit';
import type { SecuredKafka } from '@order-pipeline/testing/secured-kafka';
import kafkajs, { type Admin, type Kafka as KafkaClient, type SASLOptions } from 'kafkajs';

// What a user of a secured Kafka tries.

const { Kafka, logLevel } = kafkajs;
const TEN_YEARS_MS = 10 * 365 * 24 * 3_600_000;
/** Kafka takes no message from that far in the future: whether it looks at one at all shows who may write. */
const IN_TEN_YEARS = String(Date.now() + TEN_YEARS_MS);

export const passwordOf = (user: string): string => `S3cret-of-${user}`;

/** A client that logs in as `user`. */
export const connectAs = (
  { address, authority }: Pick<SecuredKafka, 'address' | 'authority'>,
  user: string,
  mechanism: 'plain' | 'scram-sha-512' = 'plain',
) =>
  new Kafka({
    clientId: `as-${user}`,
    brokers: [address],
    ssl: { ca: authority },
    sasl: { mechanism, username: user, password: passwordOf(user) } as SASLOptions,
    logLevel: logLevel.NOTHING,
    retry: { retries: 2, initialRetryTime: 50 },
  });

/** Whether Kafka lets the user write to the topic; nothing is written. */
export const mayWrite = async (kafka: SecuredKafka, user: string, topic: string): Promise<boolean> => {
  const producer = connectAs(kafka, user).producer({ allowAutoTopicCreation: false });
  try {
    await producer.connect();
    await producer.send({ topic, messages: [{ value: 'x', timestamp: IN_TEN_YEARS }] });
  } catch (error) {
    const { code } = causeOf(error);
    if (code === 'INVALID_TIMESTAMP') return true;
    if (code === 'TOPIC_AUTHORIZATION_FAILED') return false;
    throw error;
  } finally {
    await producer.disconnect();
  }
  throw new Error('Kafka took a message from the future');
};

/** What kafkajs makes of a group that is denied to a user. */
export const NO_GROUP = 'Failed to find group coordinator';

const answerOf = (error: unknown): string => causeOf(error).code ?? causeOf(error).reason;

/** What Kafka says to a user that reads a topic in a group. */
export const readFrom = async (client: KafkaClient, groupId: string, topic: string): Promise<string> => {
  const consumer = client.consumer({ groupId, allowAutoTopicCreation: false });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    return await new Promise<string>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload: { error } }) => resolve(answerOf(error)));
      consumer.on(consumer.events.FETCH, () => resolve('read'));
      consumer.run({ autoCommit: false, eachMessage: async () => undefined }).catch(reject);
    });
  } catch (error) {
    return answerOf(error);
  } finally {
    await consumer.disconnect();
  }
};

/** Written out by hand: the topics that each may write to. */
export const WRITES: Readonly<Partial<Record<KafkaUser | 'stranger', readonly string[]>>> = {
  orders: ['ORDER_PLACED', 'ORDER_PROCESSING', 'ORDER_SHIPPED', 'ORDER_DELIVERED'],
  inventory: ['ORDER_SHIPPED.DLQ'],
  workflow: ['ORDER_PROCESSING', 'ORDER_PLACED.DLQ'],
  shipping: ['ORDER_SHIPPED', 'ORDER_PROCESSING.DLQ'],
  delivery: ['ORDER_DELIVERED', 'ORDER_SHIPPED.DLQ'],
  audit: [],
  stranger: [],
};

/** How many ACLs the Kafka of an administrator has. */
export const countAcls = async (admin: Admin): Promise<number> => {
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
  const { resources } = await admin.describeAcls({
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
    operation: AclOperationTypes.ANY,
    permissionType: AclPermissionTypes.ANY,
  });
  return resources.reduce((sum, { acls }) => sum + acls.length, 0);
};
