import { expect, test } from '@jest/globals';
import { pageHeaders } from '../src/index.ts';

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
