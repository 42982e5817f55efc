import { describeConformance } from '../conformance/index.ts';
import * as memoryKafka from '../src/index.ts';
import { MIN_SESSION_MS, SECURITY } from './secured-cluster.ts';

const secured = ['secured:9092'];
const brokers = ['conformance:9092'];
memoryKafka.clusterOf(brokers, { minSessionTimeoutMs: MIN_SESSION_MS });
memoryKafka.clusterOf(secured, SECURITY);

describeConformance({
  name: 'memory-kafka',
  kafkajs: memoryKafka,
  brokers,
  secured,
});
