import { describeConformance } from '../conformance/index.ts';
import * as memoryKafka from '../src/index.ts';
import { SECURITY } from './secured-cluster.ts';

const secured = ['secured:9092'];
memoryKafka.clusterOf(secured, SECURITY);

describeConformance({
  name: 'memory-kafka',
  kafkajs: memoryKafka,
  brokers: ['conformance:9092'],
  secured,
});
