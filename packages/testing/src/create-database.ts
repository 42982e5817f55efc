import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { DatabaseName } from '@order-pipeline/contracts';
import { migrateDatabase, openClient } from '@order-pipeline/service-kit';
import type pg from 'pg';
import { pino } from 'pino';

/** Copies the files instead of logging every page: a tenth of the work, where nothing waits for the disk. */
const COPY = 'STRATEGY file_copy';

export const withClient = async <T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = await openClient({ url, applicationName: 'test' });
  try {
    return await use(client);
  } finally {
    await client.end();
  }
};

const urlOf = (adminUrl: string, database: string): string => {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
};

const unusedName = (name: string): string => `${name}_${randomBytes(6).toString('hex')}`;

/** Creates a database whose name begins with `name`, as a copy of `template`, and answers its URL. */
export const createDatabase = async (
  adminUrl: string,
  name: string,
  template = 'template1',
): Promise<string> => {
  const database = unusedName(name);
  await withClient(adminUrl, (client) =>
    client.query(`CREATE DATABASE "${database}" TEMPLATE "${template}" ${COPY}`),
  );
  return urlOf(adminUrl, database);
};

const DUPLICATE_DATABASE = '42P04';

const migrationsOf = (name: DatabaseName): URL =>
  new URL(`../../../prisma/${name}/migrations/`, import.meta.url);

/** Other migrations make another template: a server may outlive a change of them. */
const templateName = async (name: DatabaseName): Promise<string> => {
  const folder = migrationsOf(name);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`);
  const hash = createHash('sha256');
  for (const file of files.toSorted())
    hash.update(file.slice(folder.pathname.length)).update(readFileSync(file));
  return `${name}_template_${hash.digest('hex').slice(0, 12)}`;
};

/**
 * The name of a database of the server that has the migrations of `name` and nothing else, for copies of it; made when
 * it is not there. It stays when the tests end.
 */
export const ensureTemplate = async (adminUrl: string, name: DatabaseName): Promise<string> => {
  const template = await templateName(name);
  const known = await withClient(adminUrl, (client) =>
    client.query('SELECT FROM pg_database WHERE datname = $1', [template]),
  );
  if (known.rowCount === 1) return template;
  const made = await createDatabase(adminUrl, template);
  await migrateDatabase(made, migrationsOf(name), pino({ level: 'silent' }));
  // Whole or not there at all: one whose migrations failed keeps the name of something begun.
  const begun = new URL(made).pathname.slice(1);
  await withClient(adminUrl, async (client) => {
    try {
      await client.query(`ALTER DATABASE "${begun}" RENAME TO "${template}"`);
    } catch (error) {
      if ((error as { code?: unknown }).code !== DUPLICATE_DATABASE) throw error;
      // Another worker was quicker.
      await client.query(`DROP DATABASE "${begun}"`);
    }
  });
  return template;
};
