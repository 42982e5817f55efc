import { describe } from '@jest/globals';
import { describeRequestsOfProducers } from './requests-of-producers.ts';
import { describeRequestsOfTransactions } from './requests-of-transactions.ts';

const brokers = (process.env['KAFKA_BROKERS'] ?? '').split(',');

describe('requests of transactions at Apache Kafka', () => describeRequestsOfTransactions(brokers));

describe('requests of producers at Apache Kafka', () => describeRequestsOfProducers(brokers));
