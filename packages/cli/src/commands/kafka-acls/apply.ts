import { KAFKA_GRANTS, type KafkaOperation } from '@order-pipeline/contracts';
import { createTopicSetup } from '@order-pipeline/messaging';
import kafkajs, { type AclEntry, type Admin } from 'kafkajs';
import { CliError } from '../../kit/cli-error.ts';
import { openKafka } from '../open-kafka.ts';
import type { Principals } from './principals.ts';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
const CLIENT_ID = 'orders-kafka-acls';

const OPERATIONS: Readonly<Record<KafkaOperation, AclEntry['operation']>> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Describe: AclOperationTypes.DESCRIBE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
};
const RESOURCES = { topic: AclResourceTypes.TOPIC, group: AclResourceTypes.GROUP };
const PATTERNS = { literal: ResourcePatternTypes.LITERAL, prefixed: ResourcePatternTypes.PREFIXED };

/** Every grant as Kafka stores it: one for each operation and name, from any host. */
const aclEntries = (principals: Principals): AclEntry[] =>
  KAFKA_GRANTS.flatMap(({ user, operations, resource, pattern, names }) =>
    operations.flatMap((operation) =>
      names.map((resourceName) => ({
        principal: principals[user],
        host: '*',
        operation: OPERATIONS[operation],
        permissionType: AclPermissionTypes.ALLOW,
        resourceType: RESOURCES[resource],
        resourceName,
        resourcePatternType: PATTERNS[pattern],
      })),
    ),
  );

const WHY: Readonly<Record<string, string>> = {
  SECURITY_DISABLED: 'this Kafka has no authorizer, so everybody may do everything',
  CLUSTER_AUTHORIZATION_FAILED: 'the user of KAFKA_SASL_USERNAME may not: it needs Alter on the cluster',
};

const failed = (error: unknown): CliError => {
  const { type = '', message } = error as Error & { readonly type?: string };
  return new CliError(`The ACLs could not be created: ${WHY[type] ?? message}`);
};

const createAcls = async (admin: Admin, entries: AclEntry[]): Promise<void> => {
  try {
    await admin.connect();
    await admin.createAcls({ acl: entries });
  } catch (error) {
    throw failed(error);
  }
};

/**
 * Makes the topics that are missing, and creates the ACLs in the Kafka that the settings name. What is there already stays;
 * nothing is deleted.
 *
 * @returns how many ACLs there are for the users now
 * @throws SettingsError with every wrong setting; CliError when Kafka does not take them
 */
export const applyAcls = async (
  environment: Readonly<Record<string, string | undefined>>,
  principals: Principals,
  onClose: (close: () => Promise<unknown>) => void,
): Promise<number> => {
  const { broker } = openKafka(environment, 'whose ACLs are to be created?');
  await createTopicSetup(broker, CLIENT_ID)().catch((error: Error) => {
    throw new CliError(`The topics could not be created: ${error.message}`);
  });
  const admin = broker.connect(CLIENT_ID).admin();
  onClose(() => admin.disconnect());
  const entries = aclEntries(principals);
  await createAcls(admin, entries);
  return entries.length;
};
