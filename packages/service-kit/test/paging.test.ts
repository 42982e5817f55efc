import { expect, test } from '@jest/globals';
import { MAX_PAGE_BYTES, pageHeaders, readPage, type PageRequest } from '../src/index.ts';

test('the next page is at the path of the list', () => {
  expect(pageHeaders('/api/orders/user/ann', { limit: 2 }, 71)).toEqual({
    link: '</api/orders/user/ann?limit=2&cursor=1z>; rel="next"',
  });
});

test.each(['.', '..'])(
  'the next page of a list whose path ends in %s is beside it, so that none is folded away',
  (id) => {
    expect(pageHeaders(`/api/orders/user/${id}`, { limit: 2 }, 71)).toEqual({
      link: '<?limit=2&cursor=1z>; rel="next"',
    });
  },
);

/** A list of so many rows, all of this size, and what was read of it. */
const listOf = (count: number, bytes: number) => {
  const slices: number[] = [];
  const read = async ({ limit, before = count + 1 }: PageRequest) => {
    slices.push(limit);
    const length = Math.max(0, Math.min(limit, before - 1));
    return Array.from({ length }, (_, index) => ({ seq: before - 1 - index }));
  };
  const page = (request: PageRequest) => readPage(request, read, () => bytes);
  return { slices, page };
};

/** The pages of a list as their sequence numbers. */
const pagesOf = async (list: ReturnType<typeof listOf>, limit: number): Promise<number[][]> => {
  const pages: number[][] = [];
  let before: number | undefined;
  do {
    const { rows, next } = await list.page({ limit, ...(before === undefined ? {} : { before }) });
    pages.push(rows.map(({ seq }) => seq));
    before = next;
  } while (before !== undefined);
  return pages;
};

const downFrom = (count: number): number[] => Array.from({ length: count }, (_, index) => count - index);

test.each([
  [0, 10],
  [10, 10],
  [11, 10],
  [100, 100],
  [101, 100],
  [102, 1_000],
  [2_500, 1_000],
])('a list of %i small entries comes whole, %i a page', async (count, limit) => {
  const pages = await pagesOf(listOf(count, 200), limit);
  expect(pages.flat()).toEqual(downFrom(count));
  expect(pages.length).toBe(Math.max(1, Math.ceil(count / limit)));
});

test('a page of large entries ends where its bytes do, and the next continues from there', async () => {
  const list = listOf(300, MAX_PAGE_BYTES / 64);
  const pages = await pagesOf(list, 1_000);
  expect(pages.flat()).toEqual(downFrom(300));
  expect(pages.map(({ length }) => length)).toEqual([64, 64, 64, 64, 44]);
  // It reads little more than it answers.
  expect(Math.max(...list.slices)).toBeLessThanOrEqual(101);
});

test('an entry that is larger than a page comes by itself', async () => {
  expect(await pagesOf(listOf(3, 2 * MAX_PAGE_BYTES), 10)).toEqual([[3], [2], [1]]);
});

test('a page of the default limit is one statement, one of the largest limit two', async () => {
  const [small, large] = [listOf(5_000, 200), listOf(5_000, 200)];
  await small.page({ limit: 100 });
  await large.page({ limit: 1_000 });
  expect(small.slices).toEqual([101]);
  expect(large.slices).toEqual([101, 900]);
});
