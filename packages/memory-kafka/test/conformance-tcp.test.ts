import { afterAll } from '@jest/globals';
import * as kafkajs from 'kafkajs';
import { describeConformance } from '../conformance/index.ts';
import { createCluster } from '../src/index.ts';

const listener = await createCluster().listen();
afterAll(() => listener.close());

describeConformance({ name: 'kafkajs on memory-kafka', kafkajs, brokers: listener.brokers });
