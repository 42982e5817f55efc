import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  archiveOrders,
  decodeOrders,
  openFolder,
  type ArchiveOptions,
  type ArchiveReport,
  type FiledOrder,
} from '@order-pipeline/archive';
import { createRuntime } from '@order-pipeline/service-kit';
import type { TestPostgres } from '@order-pipeline/testing';
import { useFixturePerTest } from '@order-pipeline/testing/fixtures';
import { createEmptyFixture, type Fixture } from '../../audit/test/fixture.ts';

/** How many orders were closed in spring, and lie in three months. */
export const CLOSED = 60;
export const RETAIN_DAYS = 30;

/** An order a day from January on; every third was cancelled. Beside them some that have to stay. */
const ORDERS = `
  INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at, stock_returned_at)
  SELECT 'old-' || day, 'user11', status::order_status,
    '[{"itemId":"item2","quantity":1},{"itemId":"item1","quantity":2}]', 'r-old-' || day, at,
    at + interval '2 seconds', at, CASE WHEN status = 'CANCELLED' THEN at + interval '3 seconds' END
  FROM (SELECT day, '2026-01-01'::timestamptz + day * interval '1 day' AS at,
    CASE WHEN day % 3 = 0 THEN 'CANCELLED' ELSE 'DELIVERED' END AS status FROM generate_series(1, ${CLOSED}) AS day
  ) AS days ORDER BY day;
  INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
  SELECT id, 'user11', status::order_status, '[{"itemId":"item1","quantity":1}]', 'r-' || id, at, at, at
  FROM (VALUES ('pending', 'PENDING', now()), ('young', 'DELIVERED', now()),
    ('returning', 'CANCELLED', '2026-02-01'), ('announced', 'DELIVERED', '2026-02-01'), ('dead', 'DELIVERED', '2026-02-01'),
    ('holding', 'DELIVERED', '2026-02-01')) AS t(id, status, at);
  INSERT INTO order_history (order_id, status, at, cause)
  SELECT id, step.status::order_status, LEAST(created_at + no * interval '1 second', updated_at), 'test'
  FROM orders JOIN (VALUES ('PENDING', 0), ('PROCESSING', 1), ('SHIPPED', 1), ('DELIVERED', 2), ('CANCELLED', 2))
    AS step(status, no)
  ON step.status = 'PENDING' OR step.status = orders.status::text
    OR (orders.status = 'DELIVERED' AND step.status <> 'CANCELLED');
  INSERT INTO outbox (event_id, event, traceparent, created_at)
  VALUES ('announced:DELIVERED', '{"orderId":"announced","status":"DELIVERED"}', '', now());
  INSERT INTO dead_letters (id, status, topic, partition, message_offset, consumer_group, reason, tries, redrives, order_id,
    failed_at, received_at, updated_at, headers)
  VALUES ('letter', 'OPEN', 'ORDER_SHIPPED', 0, 0, 'inventory', 'test', 1, 0, 'dead', now(), now(), now(), '[]')`;

const STOCK = `
  INSERT INTO reservations (order_id, reservation_id, state, lines, created_at, updated_at)
  SELECT 'old-' || day, 'r-old-' || day,
    (CASE WHEN day % 3 = 0 THEN 'RELEASED' ELSE 'CONSUMED' END)::reservation_state,
    '[{"itemId":"item1","quantity":2},{"itemId":"item2","quantity":1}]', now(), now()
  FROM generate_series(1, ${CLOSED}) AS day;
  INSERT INTO reservations (order_id, reservation_id, state, lines, created_at, updated_at)
  SELECT id, 'r-' || id, state::reservation_state, '[{"itemId":"item1","quantity":1}]', now(), now()
  FROM (VALUES ('pending', 'HELD'), ('young', 'CONSUMED'), ('returning', 'HELD'), ('announced', 'CONSUMED'),
    ('dead', 'CONSUMED'), ('holding', 'HELD')) AS t(id, state);
  INSERT INTO items (id, name, initial_qty, stocked_qty, available_qty, reserved_qty, consumed_qty, created_at)
  SELECT line."itemId", 'Laptop', 1000, 1000, 1000 - coalesce(sum(quantity) FILTER (WHERE state <> 'RELEASED'), 0),
    coalesce(sum(quantity) FILTER (WHERE state = 'HELD'), 0), coalesce(sum(quantity) FILTER (WHERE state = 'CONSUMED'), 0),
    now()
  FROM reservations, jsonb_to_recordset(lines) AS line("itemId" text, quantity bigint) GROUP BY 1`;

/** Those of the fixture that are not to be archived: they go on, are young, or something waits for them. */
export const STAYING = ['announced', 'dead', 'holding', 'pending', 'returning', 'young'];

export interface ArchiveFixture extends Fixture {
  readonly dir: string;
  readonly options: Omit<ArchiveOptions, 'runtime'>;
  archive(options?: Partial<ArchiveOptions>): Promise<ArchiveReport>;
  /** The ids of all orders that are in the database, sorted. */
  liveIds(): Promise<string[]>;
  /** The orders of all files in the folder, sorted by their ids; one that stands in two files comes twice. */
  filed(): Promise<FiledOrder[]>;
  /** What an audit finds, the files included. What the fixture has wrong on purpose is no concern. */
  wrong(): Promise<Record<string, string[]>>;
}

/** Limits that let everything wait: what the fixture leaves open is as old as it is. */
const PATIENT = { orderMs: 1e12, stockMs: 1e12, leaveMs: 1e12, outboxMs: 1e12, eventMs: 1e12 };

const createArchiveFixture = async (postgres: TestPostgres): Promise<ArchiveFixture> => {
  const fixture = await createEmptyFixture(postgres);
  await fixture.run(
    'users',
    `INSERT INTO users (id, name, email) VALUES ('user11', 'Sriram', 'sriram@example.com')`,
  );
  await fixture.run('inventory', STOCK);
  await fixture.run('orders', ORDERS);
  const dir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-archive-'));
  const options = { databases: fixture.databases, dir, retainDays: RETAIN_DAYS, ordersPerFile: 20 };
  return {
    ...fixture,
    dir,
    options,
    archive: (other) => archiveOrders({ ...options, runtime: createRuntime(), ...other }),
    liveIds: async () =>
      (await fixture.select<{ id: string }>('orders', 'SELECT id FROM orders ORDER BY id COLLATE "C"')).map(
        ({ id }) => id,
      ),
    filed: async () => {
      const folder = openFolder(dir);
      const files = await Promise.all(
        (await folder.list()).map(async (file) =>
          decodeOrders((await folder.read(file)) ?? new Uint8Array()),
        ),
      );
      return files.flat().toSorted((a, b) => (a.id < b.id ? -1 : 1));
    },
    wrong: () => fixture.findings({ archiveDir: dir, limits: PATIENT }),
    close: async () => {
      await fixture.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
};

/** The ids of what was closed in spring, sorted. */
export const OLD_IDS = Array.from({ length: CLOSED }, (_, index) => `old-${index + 1}`).toSorted();

/** Gives each test of a file databases of its own, with a folder. */
export const useArchive = (): (() => ArchiveFixture) => useFixturePerTest(createArchiveFixture);
