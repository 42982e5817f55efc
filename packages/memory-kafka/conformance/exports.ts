import { expect } from '@jest/globals';
import type { KafkaJSError } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { unchecked } from './unchecked.ts';
import type { World } from './world.ts';

type ErrorClass = new (...args: unknown[]) => KafkaJSError;

/** Some classes exist at run time only, the typings have no word of them. */
const errorClass = ({ kafkajs }: World, name: string): ErrorClass => unchecked(Reflect.get(kafkajs, name));

const PROTOCOL_FIELDS = { message: 'from the broker', type: 'SOME_TYPE', code: 99, retriable: false };

const RETRIABLE = [
  'KafkaJSError',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSStaleTopicMetadataAssignment',
  'KafkaJSBrokerNotFound',
  'KafkaJSDeleteGroupsError',
];

const NOT_RETRIABLE = [
  'KafkaJSNonRetriableError',
  'KafkaJSPartialMessageError',
  'KafkaJSSASLAuthenticationError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSNotImplemented',
  'KafkaJSServerDoesNotSupportApiKey',
  'KafkaJSTimeout',
  'KafkaJSLockTimeout',
  'KafkaJSUnsupportedMagicByteInMessageSet',
];

const PROTOCOL = [
  'KafkaJSProtocolError',
  'KafkaJSCreateTopicError',
  'KafkaJSAlterPartitionReassignmentsError',
];

const OTHERS = [
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSOffsetOutOfRange',
  'KafkaJSMemberIdRequired',
  'KafkaJSDeleteTopicRecordsError',
  'KafkaJSInvariantViolation',
  'KafkaJSInvalidVarIntError',
  'KafkaJSInvalidLongError',
  'KafkaJSAggregateError',
  'KafkaJSFetcherRebalanceError',
  'KafkaJSNoBrokerAvailableError',
];

const REGISTRIES = [
  'Kafka',
  'PartitionAssigners',
  'AssignerProtocol',
  'Partitioners',
  'logLevel',
  'CompressionTypes',
  'CompressionCodecs',
  'ConfigResourceTypes',
  'ConfigSource',
  'AclResourceTypes',
  'AclOperationTypes',
  'AclPermissionTypes',
  'ResourcePatternTypes',
];

const numbersOf = (constants: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(constants).filter(([, value]) => typeof value === 'number'));

const errorClasses: Area = (behaviour) => {
  behaviour('errors that another try may cure say so, and bear the name of their class', async (world) => {
    for (const name of RETRIABLE) {
      const error = new (errorClass(world, name))('what happened');
      expect(error).toMatchObject({ name, message: 'what happened', retriable: true });
      expect(error).toBeInstanceOf(world.kafkajs.KafkaJSError);
    }
  });

  behaviour('errors that no further try will cure are KafkaJSNonRetriableErrors', async (world) => {
    for (const name of NOT_RETRIABLE) {
      const error = new (errorClass(world, name))('what happened');
      expect(error).toMatchObject({ name, message: 'what happened', retriable: false });
      expect(error).toBeInstanceOf(world.kafkajs.KafkaJSNonRetriableError);
    }
  });

  behaviour('a refusal of the broker has its type, its code, and whether to try again', async (world) => {
    for (const name of PROTOCOL) {
      const error = new (errorClass(world, name))(PROTOCOL_FIELDS, 'topic', 3);
      expect(error).toMatchObject({ ...PROTOCOL_FIELDS, name });
      expect(error).toBeInstanceOf(world.kafkajs.KafkaJSProtocolError);
      expect(error).not.toBeInstanceOf(world.kafkajs.KafkaJSNonRetriableError);
    }
    const again = new world.kafkajs.KafkaJSProtocolError(
      Object.assign(new Error('a'), { type: 'A', code: 1, retriable: true }),
    );
    expect(again.retriable).toBe(true);
  });

  behaviour('refusals know the topic, partition or member that they are about', async (world) => {
    const make = (name: string, ...args: unknown[]) =>
      new (errorClass(world, name))(PROTOCOL_FIELDS, ...args);
    expect(make('KafkaJSCreateTopicError', 't')).toHaveProperty('topic', 't');
    expect(make('KafkaJSAlterPartitionReassignmentsError', 't', 3)).toMatchObject({
      topic: 't',
      partition: 3,
    });
    expect(make('KafkaJSOffsetOutOfRange', { topic: 't', partition: 3 })).toMatchObject({
      name: 'KafkaJSOffsetOutOfRange',
      topic: 't',
      partition: 3,
    });
    expect(make('KafkaJSMemberIdRequired', { memberId: 'm' })).toMatchObject({
      name: 'KafkaJSMemberIdRequired',
      memberId: 'm',
    });
  });

  behaviour('exhausted retries say how many there were, and why the last one failed', async ({ kafkajs }) => {
    const cause = new kafkajs.KafkaJSConnectionError('no answer', { broker: 'b:1', code: 'ECONNREFUSED' });
    const error = new kafkajs.KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 5, retryTime: 4800 });
    expect(error).toMatchObject({ message: 'no answer', retryCount: 5, retryTime: 4800, retriable: false });
    expect(error).toBeInstanceOf(kafkajs.KafkaJSNonRetriableError);
    expect(error.cause).toBe(cause);
    expect(error.stack).toContain('Caused by: ');
    expect(cause).toMatchObject({ broker: 'b:1', code: 'ECONNREFUSED' });
  });

  behaviour('errors about several things carry them all', async (world) => {
    const { kafkajs } = world;
    const groups = [{ groupId: 'g', errorCode: 68, error: new kafkajs.KafkaJSProtocolError(new Error('e')) }];
    expect(new kafkajs.KafkaJSDeleteGroupsError('some failed', groups)).toHaveProperty('groups', groups);
    const partitions = [{ partition: 0, offset: '1', error: new kafkajs.KafkaJSNonRetriableError('no') }];
    const records = new (errorClass(world, 'KafkaJSDeleteTopicRecordsError'))({ partitions });
    expect(records).toMatchObject({ message: 'Error while deleting records', partitions, retriable: false });
    const aggregate = new (errorClass(world, 'KafkaJSAggregateError'))('several', [records]);
    expect(aggregate).toMatchObject({ name: 'KafkaJSAggregateError', errors: [records] });
    // The one error beside KafkaJSFetcherRebalanceError that is no KafkaJSError.
    expect(aggregate).not.toBeInstanceOf(kafkajs.KafkaJSError);
  });

  behaviour(
    'classes that only exist at run time are there, with the names that they give themselves',
    async (world) => {
      const nameOf = (name: string, ...args: unknown[]) => new (errorClass(world, name))(...args).name;
      expect(nameOf('KafkaJSInvalidVarIntError', 'x')).toBe('KafkaJSNonRetriableError');
      expect(nameOf('KafkaJSInvalidLongError', 'x')).toBe('KafkaJSNonRetriableError');
      expect(nameOf('KafkaJSFetcherRebalanceError')).toBe('Error');
      expect(nameOf('KafkaJSInvariantViolation', 'x')).toBe('KafkaJSInvariantViolation');
      expect(new (errorClass(world, 'KafkaJSNoBrokerAvailableError'))().message).toBe('No broker available');
      const closed = new (errorClass(world, 'KafkaJSConnectionClosedError'))('gone', { host: 'h', port: 1 });
      expect(closed).toMatchObject({ host: 'h', port: 1, broker: 'h:1' });
      expect(closed).toBeInstanceOf(world.kafkajs.KafkaJSConnectionError);
    },
  );
};

const constants: Area = (behaviour) => {
  behaviour('everything that kafkajs exports is there', async ({ kafkajs }) => {
    const exported = Object.keys(kafkajs);
    expect(exported).toEqual(
      expect.arrayContaining([...REGISTRIES, ...RETRIABLE, ...NOT_RETRIABLE, ...PROTOCOL, ...OTHERS]),
    );
  });

  behaviour('the levels of logging are 0, 1, 2, 4 and 5', async ({ kafkajs }) => {
    expect(numbersOf(kafkajs.logLevel)).toEqual({ NOTHING: 0, ERROR: 1, WARN: 2, INFO: 4, DEBUG: 5 });
  });

  behaviour(
    'the kinds of compression have the numbers of the protocol, and all but none have an entry',
    async (world) => {
      const { CompressionTypes, CompressionCodecs } = world.kafkajs;
      expect(numbersOf(CompressionTypes)).toEqual({ None: 0, GZIP: 1, Snappy: 2, LZ4: 3, ZSTD: 4 });
      expect(Object.keys(CompressionCodecs)).toEqual(['1', '2', '3', '4']);
      expect(Object.values(CompressionCodecs).every((codec) => typeof codec === 'function')).toBe(true);
    },
  );

  behaviour(
    'resources and sources of configurations have the numbers of the protocol',
    async ({ kafkajs }) => {
      expect(numbersOf(kafkajs.ConfigResourceTypes)).toEqual({
        UNKNOWN: 0,
        TOPIC: 2,
        BROKER: 4,
        BROKER_LOGGER: 8,
      });
      expect(numbersOf(kafkajs.ConfigSource)).toEqual({
        UNKNOWN: 0,
        TOPIC_CONFIG: 1,
        DYNAMIC_BROKER_CONFIG: 2,
        DYNAMIC_DEFAULT_BROKER_CONFIG: 3,
        STATIC_BROKER_CONFIG: 4,
        DEFAULT_CONFIG: 5,
        DYNAMIC_BROKER_LOGGER_CONFIG: 6,
      });
    },
  );

  behaviour('the constants of access control have the numbers of the protocol', async ({ kafkajs }) => {
    const namesOf = (constants_: object) =>
      Object.entries(numbersOf(constants_))
        .toSorted(([, a], [, b]) => Number(a) - Number(b))
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(' ');
    expect(namesOf(kafkajs.AclResourceTypes)).toBe(
      'UNKNOWN=0 ANY=1 TOPIC=2 GROUP=3 CLUSTER=4 TRANSACTIONAL_ID=5 DELEGATION_TOKEN=6',
    );
    expect(namesOf(kafkajs.AclOperationTypes)).toBe(
      'UNKNOWN=0 ANY=1 ALL=2 READ=3 WRITE=4 CREATE=5 DELETE=6 ALTER=7 DESCRIBE=8 CLUSTER_ACTION=9 ' +
        'DESCRIBE_CONFIGS=10 ALTER_CONFIGS=11 IDEMPOTENT_WRITE=12',
    );
    expect(namesOf(kafkajs.AclPermissionTypes)).toBe('UNKNOWN=0 ANY=1 DENY=2 ALLOW=3');
    expect(namesOf(kafkajs.ResourcePatternTypes)).toBe('UNKNOWN=0 ANY=1 MATCH=2 LITERAL=3 PREFIXED=4');
  });
};

/** From hexadecimal text, with blanks between the fields. */
const bytesOf = (fields: string): Buffer => Buffer.from(fields.replaceAll(' ', ''), 'hex');

const protocol: Area = (behaviour) => {
  behaviour("a member's metadata has Kafka's bytes, and comes back from them", async ({ kafkajs }) => {
    const { MemberMetadata } = kafkajs.AssignerProtocol;
    const metadata = { version: 1, topics: ['a', 'bc'], userData: Buffer.from([7]) };
    const bytes = MemberMetadata.encode(metadata);
    expect(bytes).toEqual(bytesOf('0001 00000002 000161 00026263 00000001 07'));
    expect(MemberMetadata.decode(bytes)).toEqual(metadata);
  });

  behaviour("a member's assignment has Kafka's bytes, and comes back from them", async ({ kafkajs }) => {
    const { MemberAssignment } = kafkajs.AssignerProtocol;
    const assignment = { version: 1, assignment: { a: [0, 2] }, userData: Buffer.alloc(0) };
    const bytes = MemberAssignment.encode(assignment);
    expect(bytes).toEqual(bytesOf('0001 00000001 000161 00000002 00000000 00000002 00000000'));
    expect(MemberAssignment.decode(bytes)).toEqual(assignment);
    // A member that was assigned nothing has no bytes at all.
    expect(MemberAssignment.decode(Buffer.alloc(0))).toBeNull();
  });
};

export const exported: Area = (behaviour) => {
  constants(behaviour);
  errorClasses(behaviour);
  protocol(behaviour);
};
