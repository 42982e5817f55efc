import memoryKafka, {
  clusterOf,
  createCluster,
  createManualClock,
  CompressionTypes,
  Kafka,
  KafkaJSError,
  logLevel,
  Partitioners,
  type Consumer,
  type KafkaConfig,
  type MemoryCluster,
} from '@order-pipeline/memory-kafka';
import { Kafka as Original, type Kafka as OriginalKafka } from 'kafkajs';

const cluster: MemoryCluster = createCluster({ clock: createManualClock(), autoCreatePartitions: 3 });
const config: KafkaConfig = { brokers: ['localhost:9092'], logLevel: logLevel.NOTHING };
// A kafkajs Kafka to the compiler, without a cast.
const kafka: OriginalKafka = new Kafka({ ...config, cluster });
const level: logLevel = logLevel.ERROR;
const consumer: Consumer = kafka.consumer({ groupId: `readers-${level}` });

export const send = async (): Promise<string | undefined> => {
  try {
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.send({ topic: 'orders', compression: CompressionTypes.None, messages: [{ value: '1' }] });
    return undefined;
  } catch (error) {
    return error instanceof KafkaJSError && error.retriable ? error.helpUrl : undefined;
  }
};

// @ts-expect-error The declarations are real ones: a misspelt name is an error.
cluster.faults.refuse('prodcue', 'NOT_LEADER_FOR_PARTITION');

export const state = clusterOf(['localhost:9092']).inspect().topics[0]?.partitions[0]?.high;
export const everything = [memoryKafka.Kafka, Original, consumer];
