export * from './consumer.ts';
export * from './dead-letters.ts';
export * from './event-codec.ts';
export * from './messaging.ts';
export * from './outbox-relay.ts';
export * from './publisher.ts';
export * from './topics.ts';
export * from './work-batch.ts';
