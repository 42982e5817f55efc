import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openClient } from '@order-pipeline/service-kit';
import { startTestPostgres, type TestPostgres } from '../src/index.ts';

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});

afterAll(() => postgres.stop());

const query = async (url: string, sql: string): Promise<unknown[]> => {
  const client = await openClient({ url, applicationName: 'test' });
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

test('each database is empty and of its own, also under one name', async () => {
  const [first, second] = await Promise.all([
    postgres.freshDatabase('orders'),
    postgres.freshDatabase('orders'),
  ]);
  await query(first, 'CREATE TABLE thing (id INT)');
  const tables = "SELECT 1 FROM pg_tables WHERE tablename = 'thing'";
  expect(await query(first, tables)).toHaveLength(1);
  expect(await query(second, tables)).toHaveLength(0);
});
