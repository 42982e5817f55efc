import { describeConformance } from '../conformance/index.ts';
import * as memoryKafka from '../src/index.ts';

describeConformance({ name: 'memory-kafka', kafkajs: memoryKafka, brokers: ['conformance:9092'] });
