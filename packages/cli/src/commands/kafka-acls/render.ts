import { KAFKA_GRANTS, type KafkaGrant } from '@order-pipeline/contracts';
import { tableOf } from '../../kit/table.ts';
import type { Principals } from './principals.ts';

const nameText = ({ names, pattern }: KafkaGrant): string =>
  names.map((name) => (pattern === 'prefixed' ? `${name}*` : name)).join('\n');

/** The grants as a table, one name a line. */
export const aclTable = (principals: Principals): string => {
  const rows = KAFKA_GRANTS.map((grant) => [
    principals[grant.user],
    grant.operations.join(', '),
    grant.resource,
    nameText(grant),
  ]);
  return tableOf(rows, ['principal', 'may', 'resource', 'names']);
};

const commandOf = (grant: KafkaGrant, principals: Principals): string =>
  [
    'kafka-acls.sh --bootstrap-server "$KAFKA_BROKERS" --command-config admin.properties --add --force',
    `--allow-principal '${principals[grant.user]}'`,
    ...grant.operations.map((operation) => `--operation ${operation}`),
    `--resource-pattern-type ${grant.pattern}`,
    ...grant.names.map((name) => `--${grant.resource} ${name}`),
  ].join(' ');

/** The same as commands of Kafka's own tool. */
export const aclCommands = (principals: Principals): string =>
  KAFKA_GRANTS.map((grant) => commandOf(grant, principals)).join('\n');
