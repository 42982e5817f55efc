import { beforeAll, expect, test } from '@jest/globals';
import { createPrismaAdapter, judge } from '@order-pipeline/service-kit';
import { createTestLogger } from '@order-pipeline/testing';
import { closeAfterTests, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { findLetter, listLetters, readContents } from '../../src/dead-letters/queries.ts';
import { storeLetter } from '../../src/dead-letters/resolution.ts';
import { PrismaClient } from '../../src/generated/client.ts';

const AT = '2026-11-28T10:00:00.000Z';
const READ_ONLY = '-c default_transaction_read_only=on';

let url: string;
let database: PrismaClient;

const openAt = (at: string): PrismaClient =>
  new PrismaClient({
    adapter: createPrismaAdapter(at, 'test', createTestLogger().logger),
    errorFormat: 'minimal',
  });

const postgres = useTestPostgres();

beforeAll(async () => {
  url = await postgres.migratedDatabase('orders');
  database = openAt(url);
  closeAfterTests(() => database.$disconnect());
});

const letter = (id: string, reason = 'not JSON') => ({
  id,
  topic: 'ORDER_PLACED' as const,
  partition: 3,
  offset: '9007199254740993',
  group: 'workflow',
  reason,
  tries: 3,
  redrives: 0,
  previousId: undefined,
  orderId: 'order-1',
  failedAt: Date.parse(AT),
});

const MESSAGE = {
  key: Buffer.from('order-1'),
  value: Buffer.from([0, 255, 1]),
  headers: { twice: ['a', 'b'], 'no\u0000name': 'c' },
};

test('a letter is stored once, with its message as it came', async () => {
  expect(await storeLetter(database, letter('one'), MESSAGE, AT)).toBe(true);
  expect(await storeLetter(database, letter('one', 'another'), MESSAGE, AT)).toBe(false);
  expect(await findLetter(database, 'one')).toMatchObject({
    status: 'OPEN',
    offset: '9007199254740993',
    reason: 'not JSON',
    previousId: null,
    failedAt: new Date(AT),
  });
  const contents = await readContents(database, 'one');
  expect(contents?.key?.toString()).toBe(Uint8Array.from(MESSAGE.key).toString());
  expect([...(contents?.value ?? [])]).toEqual([0, 255, 1]);
  expect(contents?.headers).toEqual([
    ['twice', 'YQ=='],
    ['twice', 'Yg=='],
    ['no\u0000name', 'Yw=='],
  ]);
  expect(await readContents(database, 'unknown')).toBeUndefined();
});

test('a message without a key and a value is stored without them', async () => {
  await storeLetter(database, letter('empty'), { key: null, value: null }, AT);
  expect(await readContents(database, 'empty')).toMatchObject({ key: null, value: null, headers: [] });
});

test('a letter and a list cut a long reason at the same character', async () => {
  await storeLetter(database, letter('long', `a${'😀'.repeat(1_500)}`), MESSAGE, AT);
  const found = await findLetter(database, 'long');
  expect(found?.reason).toBe(`a${'😀'.repeat(999)}`);
  const { rows } = await listLetters(database, { limit: 10 }, {});
  expect(rows.find(({ id }) => id === 'long')).toEqual(found);
});

test('a database that is read-only for now keeps no letter, and its connections are replaced', async () => {
  const at = new URL(url);
  at.searchParams.set('options', READ_ONLY);
  const readOnly = openAt(at.href);
  const error: unknown = await storeLetter(readOnly, letter('late'), MESSAGE, AT).catch((e: unknown) => e);
  await readOnly.$disconnect();
  expect(judge(error)).toEqual({ verdict: 'transient', renew: true });
});
