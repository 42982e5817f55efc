import { randomUUID } from 'node:crypto';

/** A statement as a store function issues it, with `$1` and so on for its values. */
interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

type Tag<T> = (strings: TemplateStringsArray, ...values: unknown[]) => T;

/** What the plans are asked with. */
interface Client {
  $transaction<T>(work: (sql: Unsafe) => Promise<T>): Promise<T>;
}

interface Unsafe {
  $queryRawUnsafe<T>(sql: string): PromiseLike<T>;
  $executeRawUnsafe(sql: string): PromiseLike<number>;
}

/** A node of a plan that was carried out (https://www.postgresql.org/docs/current/sql-explain.html). */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  /** Pairs of rows that were compared and do not belong together. */
  readonly 'Rows Removed by Join Filter'?: number;
  /** Pages of tables and indexes that were in memory already, those of its `Plans` included. */
  readonly 'Shared Hit Blocks': number;
  /** Those that were not. */
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

/**
 * The statements that store functions issue meanwhile, none of which is carried out: each answers no rows.
 *
 * @param tag the service's own `Prisma.sql`
 */
export const statementsOf = async (
  tag: Tag<Statement>,
  work: (sql: never) => Promise<unknown>,
): Promise<Statement[]> => {
  const statements: Statement[] = [];
  const keep =
    <T>(answer: T): Tag<Promise<T>> =>
    async (strings, ...values) => {
      statements.push(tag(strings, ...values));
      return answer;
    };
  const sql = { $queryRaw: keep([]), $executeRaw: keep(0) };
  await work({ ...sql, $transaction: (run: (own: typeof sql) => unknown) => run(sql) } as never);
  return statements;
};

/** A Prisma client that says what it issues: `log: [{ emit: 'event', level: 'query' }]`. */
interface LoggingClient {
  $on(
    event: 'query',
    listener: (event: { readonly query: string; readonly params: string }) => void,
  ): unknown;
}

/** Records the statements of a client's typed API; what is returned answers those that some work issues, which are carried out. */
export const recordStatements = (client: LoggingClient) => {
  const statements: Statement[] = [];
  client.$on('query', ({ query, params }) =>
    statements.push({ text: query, values: JSON.parse(params) as unknown[] }),
  );
  return async (work: () => Promise<unknown>): Promise<Statement[]> => {
    statements.length = 0;
    await work();
    return [...statements];
  };
};

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const literalOf = (value: unknown): string => {
  if (value === null) return 'NULL';
  if (Array.isArray(value)) return quoted(`{${value.map((one) => JSON.stringify(one)).join()}}`);
  return quoted(typeof value === 'string' ? value : JSON.stringify(value));
};

/** PostgreSQL plans a prepared statement for the values of each call, or once for all values. */
export const PLAN_MODES = ['force_custom_plan', 'force_generic_plan'] as const;

const ROLL_BACK = new Error('roll back');

/** Carries a statement out, rolls that back, and answers how it was carried out. */
export const explain = async (
  client: Client,
  { text, values }: Statement,
  mode: (typeof PLAN_MODES)[number],
): Promise<PlanNode> => {
  const name = `"${randomUUID()}"`;
  let plan: PlanNode | undefined;
  const rolledBack = client.$transaction(async (sql) => {
    await sql.$executeRawUnsafe(`SET LOCAL plan_cache_mode = ${mode}`);
    await sql.$executeRawUnsafe(`PREPARE ${name} AS ${text}`);
    const call = values.length > 0 ? `(${values.map(literalOf).join()})` : '';
    const [row] = await sql.$queryRawUnsafe<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE ${name}${call}`,
    );
    plan = row?.['QUERY PLAN'][0].Plan;
    await sql.$executeRawUnsafe(`DEALLOCATE ${name}`);
    throw ROLL_BACK;
  });
  await rolledBack.catch((error: unknown) => {
    if (error !== ROLL_BACK) throw error;
  });
  if (!plan) throw new Error('no plan');
  return plan;
};

export const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/** How many rows of tables a plan has looked at, those included that it then left out. */
export const rowsRead = (plan: PlanNode): number =>
  nodesOf(plan)
    .filter((node) => node['Relation Name'] !== undefined && node['Node Type'].endsWith('Scan'))
    .map(
      (node) =>
        (node['Actual Rows'] +
          (node['Rows Removed by Filter'] ?? 0) +
          (node['Rows Removed by Index Recheck'] ?? 0)) *
        node['Actual Loops'],
    )
    .reduce((sum, rows) => sum + rows, 0);

/** How many pages of tables and indexes a plan has looked at; one that it looked at twice counts twice. */
export const pagesRead = (plan: PlanNode): number => plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
