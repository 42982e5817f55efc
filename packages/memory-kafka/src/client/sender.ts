import type { ProducerBatch, ProducerRecord, RecordMetadata } from 'kafkajs';

/** How a transaction, or the producer itself, sends. */
export interface Sender {
  send(record: ProducerRecord): Promise<RecordMetadata[]>;
  sendBatch(batch: ProducerBatch): Promise<RecordMetadata[]>;
}
