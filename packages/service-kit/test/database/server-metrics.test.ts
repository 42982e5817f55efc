import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { measureServer } from '../../src/database/server-metrics.ts';
import { createMetrics, type RawSql } from '../../src/index.ts';

const SERVER = {
  connections: 3,
  maxConnections: 100,
  waitingLocks: 0,
  oldestTransactionSeconds: -0.1,
  databaseBytes: 1,
  walBytes: 1_000,
  retainedBytes: 0,
  replicas: 0,
  lagBytes: null,
};

/** A database that answers, or does not, and counts how often it is asked. */
const prepare = () => {
  const state = { now: 0, isDown: false, asked: 0, walBytes: SERVER.walBytes };
  const registry = new Registry();
  const sql = {
    $queryRaw: async ([text = '']: TemplateStringsArray) => {
      if (state.isDown) throw new Error('nobody answers');
      if (text.includes('pg_stat_user_tables')) return [{ table: 'outbox', rows: 1, deadRows: 2, bytes: 3 }];
      state.asked += 1;
      return [{ ...SERVER, walBytes: state.walBytes }];
    },
  } as unknown as RawSql;
  measureServer(sql, createMetrics(registry, 'orders'), { monotonic: () => state.now });
  const read = async (name: string): Promise<string | undefined> => {
    const text = await registry.metrics();
    return new RegExp(`^${name}\\{[^}]*\\} (.*)$`, 'm').exec(text)?.[1];
  };
  return { state, read };
};

test('one look serves all of its metrics, and there is none within five seconds', async () => {
  const { state, read } = prepare();
  expect(await read('postgres_connections')).toBe('3');
  expect(await read('postgres_table_dead_rows')).toBe('2');
  expect(await read('postgres_oldest_transaction_seconds')).toBe('0');
  expect(state.asked).toBe(1);
  state.now = 5_000;
  await read('postgres_connections');
  expect(state.asked).toBe(2);
});

test('a database that does not answer is down, and up when it does', async () => {
  const { state, read } = prepare();
  expect(await read('database_up')).toBe('1');
  Object.assign(state, { isDown: true, now: 5_000 });
  expect(await read('database_up')).toBe('0');
  expect(await read('postgres_connections')).toBe('3');
  Object.assign(state, { isDown: false, now: 10_000 });
  expect(await read('database_up')).toBe('1');
});

test('the log only grows, also where another server has a shorter one', async () => {
  const { state, read } = prepare();
  await read('database_up');
  Object.assign(state, { walBytes: 400, now: 5_000 });
  await read('database_up');
  Object.assign(state, { walBytes: 600, now: 10_000 });
  await read('database_up');
  expect(await read('postgres_wal_bytes_total')).toBe('1200');
});

test('how far standbys are behind is missing where the role may not see it', async () => {
  const { read } = prepare();
  await read('database_up');
  expect(await read('postgres_replication_lag_bytes')).toBeUndefined();
  expect(await read('postgres_replicas')).toBe('0');
});
