import { expect, test } from '@jest/globals';
import { operatorApi, type DeadLetter } from '@order-pipeline/contracts';
import { MAX_PAGE_BYTES } from '@order-pipeline/service-kit';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { fresh } from '../harness.ts';
import { useDlqHarness } from './harness.ts';

const postgres = useTestPostgres();
const dlq = useDlqHarness(postgres);

const nextIn = (link: unknown): string | undefined => /<([^>]+)>; rel="next"/.exec(String(link))?.[1];
const idsOf = (letters: readonly DeadLetter[]): string[] => letters.map(({ letterId }) => letterId);

/** Stores so many open letters of a group, with a reason of 1,000 bytes each. */
const storeLetters = (group: string, count: number) => dlq.harness.database.orders.$executeRaw`
  INSERT INTO dead_letters (id, status, topic, partition, message_offset, consumer_group, reason, tries, redrives,
    failed_at, received_at, updated_at, headers)
  SELECT ${group} || n, 'OPEN', 'ORDER_SHIPPED', 0, n, ${group}, repeat('r', 1000), 1, 0, now(), now(), now(), '[]'
  FROM generate_series(1, ${count}) AS n`;

test('a page of letters ends where its bytes end, and all of them are on some page once', async () => {
  const group = fresh('group');
  await storeLetters(group, 1_500);
  const pages: string[][] = [];
  const readFrom = async (url: string): Promise<void> => {
    const page = await dlq.harness.orders.server.inject(url);
    expect(page.rawPayload.length).toBeLessThan(MAX_PAGE_BYTES * 1.1);
    pages.push(idsOf(page.json<DeadLetter[]>()));
    const next = nextIn(page.headers.link);
    if (next !== undefined) await readFrom(next);
  };
  await readFrom(`/ops/dead-letters?limit=1000&group=${group}`);
  expect(pages.map(({ length }) => length > 500)).toEqual([true, true]);
  expect(new Set(pages.flat()).size).toBe(1_500);
  // And a batch of letters that are to be resolved continues after it as well.
  const request = { filter: { group }, by: 'ann', note: 'test', dryRun: true, limit: 1_000 };
  const batch = await dlq.harness.orders.call(operatorApi.discardDeadLetters, { body: request });
  expect(batch.body).toMatchObject({ letters: { length: pages[0]?.length }, nextCursor: expect.any(String) });
});

test('a reason that somebody wrote at any length is listed with its beginning, and shown whole', async () => {
  const reason = 'because '.repeat(20_000);
  const orderId = await dlq.putLetter({ reason });
  const letter = await dlq.letterOf(orderId);
  expect(letter.reason).toBe(reason.slice(0, 1_000));
  const { headers } = await dlq.look(letter.letterId);
  expect(headers).toContainEqual({ name: 'dlq.reason', value: { text: reason } });
});
