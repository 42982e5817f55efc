import { expect, test } from '@jest/globals';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import { endure } from './chaos.ts';
import type { Stack } from './stack.ts';
import type { Compose } from './compose.ts';
import { whileDiskIsFull } from './full-disk.ts';
import { setUpLoad, type Load } from './load.ts';
import { askPostgres } from './postgres.ts';

const READ_ONLY_MS = 15_000;
const FULL_MS = 15_000;
const HOARD_S = 20;
/** More than docker-compose.yml lets PostgreSQL have. */
const HOARDERS = 215;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Every message that was ever dead-lettered: the ends of the partitions of the dead letter topics. */
const deadLettered = (compose: Compose): Promise<string> => {
  const tool = ['/opt/kafka/bin/kafka-get-offsets.sh', '--bootstrap-server', 'kafka:9092'];
  return compose.run('exec', '-T', 'kafka', ...tool, '--topic', String.raw`.*\.DLQ`);
};

/** The stack while its database refuses something, and how to place orders of its own meanwhile. */
type Refusing = Stack & Pick<Load, 'place'>;

/** Endures what the database refuses for a while, of which no message may be dead-lettered. */
const endureRefusals = async (parts: Stack, what: string, befall: (refusing: Refusing) => Promise<void>) => {
  const { place } = await setUpLoad(parts.gateway);
  const before = await deadLettered(parts.compose);
  expect(before).toMatch(/DLQ/);
  await endure(parts, what, async () => {
    await befall({ ...parts, place });
    return 0;
  });
  expect(await deadLettered(parts.compose)).toBe(before);
};

/** Holds connections, and takes those that others let go, until its time is over. */
const HOARD = `
export PGPASSWORD=$(cat /run/secrets/orders)
end=$((SECONDS + ${HOARD_S}))
for _ in $(seq ${HOARDERS}); do
  while [ $SECONDS -lt $end ]; do
    psql "$0" --command "SELECT pg_sleep($((end - SECONDS)))" || sleep 1
  done > /dev/null 2>&1 &
done
wait`;
const HOARDER = 'postgresql://orders@127.0.0.1:5432/orders?application_name=hoarder';
const LOGIN =
  "PGPASSWORD=$(cat /run/secrets/users) psql postgresql://users@127.0.0.1:5432/users --command 'SELECT 1'";
/** What the services have; they have to connect anew then. */
const CUT_SERVICES = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
  WHERE usename IN ('users', 'inventory', 'orders') AND application_name <> 'hoarder'`;

/** What a PostgreSQL that runs may refuse under load; it says nothing of the messages that meet it. */
export const defineDatabaseChaosTests = (use: () => Stack): void => {
  test(
    'PostgreSQL may be read-only for 15 s, under load: nothing is lost, and no message is dead-lettered',
    async () => {
      await endureRefusals(use(), 'PostgreSQL read-only for 15 s', async ({ compose, place }) => {
        const reload = 'SELECT pg_reload_conf()';
        await askPostgres(compose, 'ALTER SYSTEM SET default_transaction_read_only = on', reload);
        try {
          await eventually(async () => expect(await place(1)).toEqual([]));
          await sleep(READ_ONLY_MS);
          expect(await place(1)).toEqual([]);
        } finally {
          await askPostgres(compose, 'ALTER SYSTEM RESET default_transaction_read_only', reload);
        }
      });
    },
    8 * MINUTE_MS,
  );

  test(
    'the disk of PostgreSQL may be full for 15 s, under load: nothing is lost, and no message is dead-lettered',
    async () => {
      await endureRefusals(use(), 'the disk of PostgreSQL full for 15 s', ({ compose, place }) =>
        whileDiskIsFull(compose, async () => {
          // What fits into the pages that are there is still stored.
          await eventually(async () => expect(await place(1)).toEqual([]), { timeoutMs: MINUTE_MS });
          await sleep(FULL_MS);
          expect(await place(1)).toEqual([]);
        }),
      );
    },
    8 * MINUTE_MS,
  );

  test(
    'PostgreSQL may have no connection left, under load: nothing is lost, and no message is dead-lettered',
    async () => {
      await endureRefusals(use(), 'PostgreSQL out of connections', async ({ compose, place }) => {
        const hoarding = compose.run('exec', '-T', 'postgres', 'bash', '-c', HOARD, HOARDER);
        await eventually(
          async () => {
            await askPostgres(compose, CUT_SERVICES);
            const login = compose.run('exec', '-T', 'postgres', 'bash', '-c', LOGIN);
            await expect(login).rejects.toThrow(/connection slots are reserved|too many clients/);
            expect(await place(1)).toEqual([]);
          },
          { timeoutMs: HOARD_S * 1_000 },
        );
        await hoarding;
      });
    },
    8 * MINUTE_MS,
  );
};
