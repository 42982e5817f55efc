/**
 * What the values of a label are. Each kind is finite and small whatever clients send: a label never has an id, an
 * address or a text of somebody else's.
 */
export const LABEL_KINDS = {
  method: 'an HTTP method',
  route: 'the path of an operation as it is declared, or `unknown`',
  httpStatus: 'an HTTP status',
  connectionEnd: 'which limit was reached',
  topic: 'a topic, or its dead-letter queue',
  group: 'a consumer group',
  partition: 'the number of a partition',
  orderStatus: 'a status of orders',
  stuckReason: 'why orders are stuck',
  sheddingReason: 'why new orders are refused',
  replicaOutcome:
    '`answered` by the replica, or why the primary was read: `behind`, `promoted`, `conflict`, `failed`, `rested`',
  connectionState: '`idle` or `in_use`',
  archiveOutcome: '`succeeded` or `failed`, also by being killed',
  spanOutcome: '`exported`, `failed` or `dropped`',
  table: 'a table of the database',
  version: 'the version of the project',
} as const;

export type LabelKind = keyof typeof LABEL_KINDS;
