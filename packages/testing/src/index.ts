export * from './eventually.ts';
export * from './orders-stub.ts';
export * from './tcp-door.ts';
export * from './test-broker.ts';
export * from './test-postgres.ts';
export * from './test-runtime.ts';
export * from './test-service.ts';
