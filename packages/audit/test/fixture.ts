import { DATABASE_NAMES, type DatabaseName } from '@order-pipeline/contracts';
import { createRuntime, openClient } from '@order-pipeline/service-kit';
import type { TestPostgres } from '@order-pipeline/testing';
import { auditSystem, violationLines, type AuditOptions, type AuditReport } from '../src/index.ts';

/** Three databases with the real migrations, to write into by hand. */
export interface Fixture {
  readonly databases: Readonly<Record<DatabaseName, string>>;
  run(database: DatabaseName, sql: string, values?: readonly unknown[]): Promise<void>;
  select<R extends object>(database: DatabaseName, sql: string): Promise<R[]>;
  audit(options?: Partial<AuditOptions>): Promise<AuditReport>;
  /** What an audit finds: `check: problem` with the ids of each. */
  findings(options?: Partial<AuditOptions>): Promise<Record<string, string[]>>;
  close(): Promise<void>;
}

const runtime = createRuntime();

export const findingsOf = ({ checks }: AuditReport): Record<string, string[]> =>
  Object.fromEntries(
    checks.flatMap(({ name, violations }) =>
      violations.map(
        ({ problem, examples }) => [`${name}: ${problem}`, examples.map(({ id }) => id)] as const,
      ),
    ),
  );

/** Three databases with nothing in them. */
export const createEmptyFixture = async (postgres: TestPostgres): Promise<Fixture> => {
  const databases = {
    users: await postgres.migratedDatabase('users'),
    inventory: await postgres.migratedDatabase('inventory'),
    orders: await postgres.migratedDatabase('orders'),
  };
  const open = async (name: DatabaseName) => {
    const client = await openClient({ url: databases[name], applicationName: 'test' });
    return [name, client] as const;
  };
  const clients = new Map(await Promise.all(DATABASE_NAMES.map(open)));
  const audit: Fixture['audit'] = (options) => auditSystem({ databases, runtime, ...options });
  return {
    databases,
    run: async (name, sql, values = []) => {
      await clients.get(name)?.query(sql, [...values]);
    },
    select: async <R extends object>(name: DatabaseName, sql: string) =>
      (await clients.get(name)?.query<R>(sql))?.rows ?? [],
    audit,
    findings: async (options) => {
      const report = await audit(options);
      if (report.clean !== (violationLines(report).length === 0))
        throw new Error('the report contradicts itself');
      return findingsOf(report);
    },
    close: async () => {
      await Promise.all([...clients.values()].map((client) => client.end()));
    },
  };
};

const USERS = `
  INSERT INTO users (id, name, email) VALUES ('user11', 'Sriram', 'sriram@example.com');`;

/** 100 units of item1 and 50 of item2, of which the reservations below have taken 2 and 1 each. */
const STOCK = `
  INSERT INTO items (id, name, initial_qty, stocked_qty, available_qty, reserved_qty, consumed_qty, created_at) VALUES
    ('item1', 'Laptop', 100, 100, 90, 6, 4, now()), ('item2', 'Mouse', 50, 50, 45, 3, 2, now());
  INSERT INTO reservations (order_id, reservation_id, state, lines, created_at, updated_at)
  SELECT id, 'r-' || id, state::reservation_state,
    '[{"itemId":"item1","quantity":2},{"itemId":"item2","quantity":1}]', at, at
  FROM (VALUES ('pending', 'HELD'), ('processing', 'HELD'), ('shipped', 'HELD'), ('left', 'CONSUMED'),
    ('delivered', 'CONSUMED'), ('cancelled', 'RELEASED'), ('refused', 'RELEASED')) AS t(id, state),
    (SELECT now() - interval '10 seconds' AS at) AS times`;

/** An order in every status, ten seconds old, each step a second after the one before. */
const WALKS = `
  INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at, stock_returned_at)
  SELECT id, 'user11', status::order_status,
    '[{"itemId":"item2","quantity":1},{"itemId":"item1","quantity":1},{"itemId":"item1","quantity":1}]',
    'r-' || id, at, at + steps * interval '1 second', at, CASE WHEN status = 'CANCELLED' THEN now() END
  FROM (VALUES ('pending', 'PENDING', 0), ('processing', 'PROCESSING', 1), ('shipped', 'SHIPPED', 2),
    ('left', 'SHIPPED', 2), ('delivered', 'DELIVERED', 3), ('cancelled', 'CANCELLED', 1)) AS t(id, status, steps),
    (SELECT now() - interval '10 seconds' AS at) AS times;
  INSERT INTO order_history (order_id, status, at, cause)
  SELECT orders.id, path.status::order_status, created_at + path.step * interval '1 second', 'test'
  FROM orders JOIN (VALUES ('PENDING', 0), ('PROCESSING', 1), ('SHIPPED', 2), ('DELIVERED', 3), ('CANCELLED', 1))
    AS path(status, step)
  ON path.status::order_status = orders.status
    OR (orders.status <> 'CANCELLED' AND path.status::order_status < orders.status)
    OR path.status = 'PENDING'`;

/** A fixture in which everything is right: an order in every status. */
export const createFixture = async (postgres: TestPostgres): Promise<Fixture> => {
  const fixture = await createEmptyFixture(postgres);
  await fixture.run('users', USERS);
  await fixture.run('inventory', STOCK);
  await fixture.run('orders', WALKS);
  return fixture;
};
