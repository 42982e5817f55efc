import { expect, test } from '@jest/globals';
import type { Admin, Consumer, Kafka as RealKafka, KafkaConfig, Producer } from 'kafkajs';
import kafkajs from 'kafkajs';
import memoryKafka, {
  createCluster,
  Kafka,
  KafkaJSError,
  KafkaJSProtocolError,
  logLevel,
} from '../src/index.ts';

/** A port as an application would narrow it from kafkajs's own class. */
type KafkaPort = Pick<RealKafka, 'producer' | 'consumer' | 'admin'>;

const quiet = { brokers: ['types:9092'], logLevel: logLevel.NOTHING };

test('a memory Kafka is a kafkajs Kafka to the compiler, and so are its clients', () => {
  const kafka: RealKafka = new Kafka(quiet);
  const port: KafkaPort = kafka;
  const producer: Producer = port.producer();
  const consumer: Consumer = port.consumer({ groupId: 'types' });
  const admin: Admin = port.admin();
  expect([producer, consumer, admin].every((client) => typeof client.connect === 'function')).toBe(true);
});

test('either class can stand where a constructor of a Kafka is asked for', () => {
  const constructors: (new (config: KafkaConfig) => RealKafka)[] = [Kafka, kafkajs.Kafka];
  const built = constructors.map((Constructor) => new Constructor(quiet));
  expect(built.map((kafka) => typeof kafka.producer)).toEqual(['function', 'function']);
});

test('errors are instances of the classes of kafkajs', async () => {
  const admin = new Kafka({ ...quiet, cluster: createCluster() }).admin();
  const error: unknown = await admin.fetchTopicMetadata({ topics: ['nowhere'] }).catch((e: unknown) => e);
  await admin.disconnect();
  expect(error).toBeInstanceOf(kafkajs.KafkaJSProtocolError);
  expect(error).toBeInstanceOf(KafkaJSProtocolError);
  expect(error).toBeInstanceOf(KafkaJSError);
  expect(error).toMatchObject({ type: 'UNKNOWN_TOPIC_OR_PARTITION', code: 3, retriable: true });
});

test('the default export is that of kafkajs, with another Kafka, and what makes and finds clusters', () => {
  const names = (module: object) => Object.keys(module).toSorted();
  expect(names(memoryKafka)).toEqual([...names(kafkajs), 'clusterOf', 'createCluster'].toSorted());
  expect(memoryKafka.Kafka).toBe(Kafka);
  expect(memoryKafka.KafkaJSError).toBe(kafkajs.KafkaJSError);
});
