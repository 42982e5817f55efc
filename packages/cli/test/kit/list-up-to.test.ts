import { expect, test } from '@jest/globals';
import { orderSearchApi } from '@order-pipeline/contracts';
import type { Gateway } from '@order-pipeline/gateway-client';
import { listText } from '../../src/kit/list-text.ts';
import { listUpTo } from '../../src/kit/list-up-to.ts';

const AT = '2026-01-01T12:00:00.000Z';

/** A gateway whose pages are empty, of which the last is the one with this number. */
const emptyUntil = (last: number) => {
  const cursors: unknown[] = [];
  const call = async (_: unknown, { query }: { query?: { cursor?: string } }) => {
    cursors.push(query?.cursor);
    const nextCursor = cursors.length === last ? undefined : `c${cursors.length}`;
    return { refusal: undefined, headers: { 'searched-until': AT }, body: [], nextCursor };
  };
  return { gateway: { call } as unknown as Gateway, cursors };
};

const search = (gateway: Gateway) => listUpTo(gateway, orderSearchApi.searchOrders, {}, 100);
const textOf = async (gateway: Gateway) => listText('order', [], { ...(await search(gateway)), entries: [] });

test('pages without entries are gone through until the last one', async () => {
  const { gateway, cursors } = emptyUntil(3);
  expect(await search(gateway)).toEqual({ entries: [], hasMore: false });
  expect(cursors).toEqual([undefined, 'c1', 'c2']);
  expect(await textOf(emptyUntil(3).gateway)).toBe('There are no such orders.');
});

test('after a hundred pages it ends, and says how far it has looked', async () => {
  const { gateway, cursors } = emptyUntil(1_000);
  expect(await search(gateway)).toEqual({ entries: [], hasMore: true, searchedUntil: AT });
  expect(cursors).toHaveLength(100);
  expect(await textOf(emptyUntil(1_000).gateway)).toBe(
    `There are no such orders; looked no further than ${AT}.`,
  );
});
