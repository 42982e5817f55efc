import * as kafkajs from 'kafkajs';
import { describeConformance } from '../conformance/index.ts';

describeConformance({
  name: 'kafkajs on Apache Kafka',
  kafkajs,
  brokers: (process.env['KAFKA_BROKERS'] ?? '').split(','),
});
