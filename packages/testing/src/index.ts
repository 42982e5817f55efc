export * from './clean-audit.ts';
export * from './collector.ts';
export * from './event-probe.ts';
export * from './eventually.ts';
export * from './held-snapshot.ts';
export * from './in-turn.ts';
export * from './manual-time.ts';
export * from './orders-stub.ts';
export * from './stoppable-broker.ts';
export * from './own-groups.ts';
export * from './pgbouncer.ts';
export { queryOnce } from './query-once.ts';
export * from './read-topics.ts';
export * from './recorded-spans.ts';
export * from './settings-problems.ts';
export * from './statement-plans.ts';
export * from './tcp-proxy.ts';
export * from './test-broker.ts';
export {
  startTestPostgres,
  startPostgresOfWorkers,
  type TestPostgres,
  type TestPostgresOptions,
} from './test-postgres.ts';
export * from './test-replication.ts';
export * from './test-runtime.ts';
export * from './test-service.ts';
export * from './times.ts';
export * from './worker-harness.ts';
