import { openClient } from '@order-pipeline/service-kit';

/** The rows that a statement answers, over a connection of its own. Throws what PostgreSQL refuses. */
export const queryOnce = async (url: string, sql: string): Promise<unknown[]> => {
  const client = await openClient({ url, applicationName: 'test' });
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};
