import { describe } from '@jest/globals';
import { describeRequestsOfTransactions } from './requests-of-transactions.ts';

describe('requests of transactions at Apache Kafka', () =>
  describeRequestsOfTransactions((process.env['KAFKA_BROKERS'] ?? '').split(',')));
