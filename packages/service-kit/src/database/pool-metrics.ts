import type pg from 'pg';
import type { Metrics } from '../metrics.ts';

/** Tells of the connections of a pool whenever somebody asks for the metrics; a statement costs nothing for it. */
export const measurePool = (
  pool: Pick<pg.Pool, 'totalCount' | 'idleCount' | 'waitingCount' | 'options'>,
  metrics: Metrics,
): void => {
  const connections = metrics.gauge('database_pool_connections');
  const pending = metrics.gauge('database_pool_pending_requests');
  metrics.gauge('database_pool_max_connections').set({}, pool.options?.max ?? 0);
  connections.whenAsked(() => {
    connections.set({ state: 'idle' }, pool.idleCount);
    connections.set({ state: 'in_use' }, pool.totalCount - pool.idleCount);
  });
  pending.whenAsked(() => pending.set({}, pool.waitingCount));
};
