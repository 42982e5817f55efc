import { createPrismaAdapter, openClient } from '@order-pipeline/service-kit';
import { createTestLogger, nodesOf, times, type PlanNode, type TestPostgres } from '@order-pipeline/testing';
import { PrismaClient } from '../src/generated/client.ts';

const SHARDS = 8;

/** The tables that belong to orders, each with what says which order a row is of. */
const DISTRIBUTED: Readonly<Record<string, string>> = {
  orders: 'id',
  order_history: 'order_id',
  abandoned_reservations: 'order_id',
  archived_orders: 'id',
  outbox: `(event->>'orderId')`,
};

interface Index {
  readonly definition: string;
  readonly isPrimary: boolean;
  readonly isUnique: boolean;
  readonly columns: readonly string[];
}

type Client = Awaited<ReturnType<typeof openClient>>;

const readIndexes = async (client: Client, table: string): Promise<Index[]> => {
  const { rows } = await client.query<Index>(
    `SELECT pg_get_indexdef(indexrelid) AS definition, indisprimary AS "isPrimary", indisunique AS "isUnique",
       ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = indexrelid ORDER BY attnum) AS columns
     FROM pg_index WHERE indrelid = $1::regclass`,
    [table],
  );
  return rows;
};

/** Unique is within a shard only what names the order; the key of an order's fence does, once that is a part of it. */
const indexOf = (table: string, key: string, { definition, isPrimary, isUnique, columns }: Index): string => {
  if (!isUnique || columns.includes(key)) return definition;
  return isPrimary && !key.startsWith('(')
    ? `CREATE UNIQUE INDEX ON ${table} (${[...columns, key].join()})`
    : definition.replace('CREATE UNIQUE', 'CREATE');
};

/** Makes a table of our migrations one of many shards, with its indexes and triggers. */
const distribute = async (client: Client, table: string, key: string): Promise<void> => {
  const indexes = await readIndexes(client, table);
  const { rows: triggers } = await client.query<{ definition: string }>(
    'SELECT pg_get_triggerdef(oid) AS definition FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal',
    [table],
  );
  const { rows: sequences } = await client.query<{ name: string }>(
    `SELECT pg_get_serial_sequence($1, attname) AS name FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND pg_get_serial_sequence($1, attname) IS NOT NULL`,
    [table],
  );
  for (const { name } of sequences) await client.query(`ALTER SEQUENCE ${name} OWNED BY NONE`);
  await client.query(`ALTER TABLE ${table} RENAME TO whole`);
  await client.query(
    `CREATE TABLE ${table} (LIKE whole INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY HASH (${key})`,
  );
  await client.query('DROP TABLE whole');
  for (const shard of times(SHARDS, (index) => index)) {
    await client.query(
      `CREATE TABLE ${table}_s${shard} PARTITION OF ${table} FOR VALUES WITH (MODULUS ${SHARDS}, REMAINDER ${shard})`,
    );
  }
  for (const index of indexes) await client.query(indexOf(table, key, index));
  for (const { definition } of triggers) await client.query(definition);
};

const FILLED = [
  `INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
   SELECT 'order-' || n, 'user', (ARRAY['PENDING', 'PROCESSING', 'SHIPPED', 'CANCELLED'])[1 + n % 4]::order_status,
     '[{"itemId":"item","quantity":1}]', 'r' || n, now(), now(), now() FROM generate_series(1, 4000) AS n`,
  `INSERT INTO order_history (order_id, status, at, cause) SELECT id, 'PENDING', now(), 'placed' FROM orders`,
  `INSERT INTO abandoned_reservations (reservation_id, order_id, at)
   SELECT 'a' || n, 'abandoned-' || n, now() FROM generate_series(1, 4000) AS n`,
  `INSERT INTO archive_files (file, closed_before) VALUES ('file', now())`,
  `INSERT INTO archived_orders (seq, file_id, status, id, user_id, content_digest, reservation_digest)
   SELECT n, 1, 'DELIVERED', 'archived-' || n, 'user', '', '' FROM generate_series(1, 4000) AS n`,
  'ANALYZE',
];

/** A database of our migrations whose orders, and all that belongs to one, are spread over shards by the order's id. */
export const openShardedDatabase = async (postgres: TestPostgres): Promise<PrismaClient<'query'>> => {
  const url = await postgres.migratedDatabase('orders');
  const client = await openClient({ url, applicationName: 'test' });
  try {
    for (const [table, key] of Object.entries(DISTRIBUTED)) await distribute(client, table, key);
    for (const statement of FILLED) await client.query(statement);
  } finally {
    await client.end();
  }
  return new PrismaClient({
    adapter: createPrismaAdapter(url, 'test', createTestLogger().logger),
    log: [{ emit: 'event', level: 'query' }],
  });
};

const SHARD = /^(?<table>\w+)_s(?<shard>\d)$/;

/** The shards whose rows or indexes a plan has looked into. */
export const shardsRead = (plan: PlanNode): Set<number> =>
  new Set(
    nodesOf(plan).flatMap((node) => {
      const shard = SHARD.exec(node['Relation Name'] ?? '')?.groups?.['shard'];
      return shard === undefined || node['Actual Loops'] === 0 ? [] : [Number(shard)];
    }),
  );

/** The shards that the rows of some orders are in, by table; of the statements' own orders, and those that are placed. */
export const shardsOfOrders = async (
  database: PrismaClient<'query'>,
  orderIds: readonly string[],
): Promise<Set<number>> => {
  const rows = await database.$queryRaw<{ shard: number }[]>`
    SELECT DISTINCT shard FROM generate_series(0, ${SHARDS - 1}::int) AS shard, unnest(${[...orderIds]}::text[]) AS id
    WHERE satisfies_hash_partition('orders'::regclass, ${SHARDS}::int, shard, id)`;
  return new Set(rows.map(({ shard }) => shard));
};

/** In which shard each row of an order is, by table. */
export const shardsByTable = async (
  database: PrismaClient<'query'>,
  orderId: string,
): Promise<Readonly<Record<string, number>>> => {
  const rows = await database.$queryRaw<{ name: string }[]>`
    SELECT tableoid::regclass::text AS name FROM orders WHERE id = ${orderId}
    UNION SELECT tableoid::regclass::text FROM order_history WHERE order_id = ${orderId}
    UNION SELECT tableoid::regclass::text FROM outbox WHERE event->>'orderId' = ${orderId}
    UNION SELECT tableoid::regclass::text FROM abandoned_reservations WHERE order_id = ${orderId}`;
  return Object.fromEntries(
    rows.map(({ name }) => {
      const { table = '', shard } = SHARD.exec(name)?.groups ?? {};
      return [table, Number(shard)];
    }),
  );
};
