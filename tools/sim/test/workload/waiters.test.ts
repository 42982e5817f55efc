import { expect, test } from '@jest/globals';
import type { OrderStatus } from '@order-pipeline/contracts';
import { wrongIn, type Wish } from '../../src/workload/waiters.ts';
import { follow, stepsIn } from '../../src/workload/watchers.ts';

const WISH: Wish = { orderId: 'order-1', waitS: 3, until: 'SHIPPED', known: undefined };

interface Answered {
  readonly status?: OrderStatus;
  readonly code?: number;
  readonly servedMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly wasStopping?: boolean;
}

const wrong = (wish: Partial<Wish>, answered: Answered): string | undefined => {
  const { status = 'SHIPPED', code = 200, servedMs = 500, headers, wasStopping = false } = answered;
  return wrongIn(
    { ...WISH, ...wish },
    {
      status: code,
      body: { status },
      headers: headers ?? { etag: `"${status}"`, 'preference-applied': 'wait=3' },
      servedMs,
      wasStopping,
      askedAt: 1,
      answeredAt: 2,
      gatewayClock: { least: 1, most: 2 },
    },
  );
};

test('an answer with what is waited for is right at any time, until the time is up', () => {
  expect(wrong({}, {})).toBeUndefined();
  expect(wrong({}, { status: 'DELIVERED' })).toBeUndefined();
  expect(wrong({}, { status: 'CANCELLED' })).toBeUndefined();
  expect(wrong({ until: 'CANCELLED' }, { status: 'PROCESSING' })).toBeUndefined();
  expect(wrong({}, { servedMs: 8_000 })).toBe('answered after 8000 ms');
});

test('an answer without what is waited for is right when the time is up', () => {
  expect(wrong({}, { status: 'PENDING', servedMs: 2_000 })).toBe('PENDING after 2000 ms');
  expect(wrong({}, { status: 'PENDING', servedMs: 3_001 })).toBeUndefined();
});

test('what a client knows already is no news', () => {
  const known = { until: undefined, known: 'PENDING' } as const;
  expect(wrong(known, { code: 304, status: 'PENDING', servedMs: 100 })).toBe('PENDING after 100 ms');
  expect(wrong(known, { code: 304, status: 'PENDING', servedMs: 3_000 })).toBeUndefined();
  expect(wrong(known, { status: 'PROCESSING', servedMs: 100 })).toBeUndefined();
});

test('only a gateway that stops sends away who waits', () => {
  const headers = { etag: '"PENDING"' };
  expect(wrong({}, { status: 'PENDING', headers, wasStopping: true })).toBeUndefined();
  expect(wrong({}, { status: 'PENDING', headers })).toBe('sent away by a gateway that keeps running');
});

test('the ETag is that of the status, and nothing else is an answer', () => {
  const headers = { etag: '"PENDING"', 'preference-applied': 'wait=3' };
  expect(wrong({}, { headers })).toBe('SHIPPED has the ETag "PENDING"');
  expect(wrong({}, { code: 409 })).toBe('answered 409');
});

const NOTHING = { count: 0, last: undefined };

test('the steps of a stream follow one another, each once', () => {
  const step = (id: number, status: OrderStatus) => ({ id, status });
  const first = follow(NOTHING, [step(1, 'PENDING'), step(2, 'PROCESSING')]);
  expect(first).toEqual({ count: 2, last: 'PROCESSING' });
  expect(follow({ count: 2, last: 'PROCESSING' }, [step(3, 'SHIPPED')])).toEqual({
    count: 3,
    last: 'SHIPPED',
  });
  expect(follow(NOTHING, [step(1, 'PENDING'), step(1, 'PENDING')])).toBe('step 1 after step 1');
  expect(follow(NOTHING, [step(1, 'PENDING'), step(3, 'SHIPPED')])).toBe('step 3 after step 1');
  expect(follow(NOTHING, [step(1, 'PENDING'), step(2, 'SHIPPED')])).toBe('SHIPPED after PENDING');
});

test('of a stream the steps are read, and what keeps it alive is not', () => {
  const data = JSON.stringify({ status: 'PENDING', at: '2026-01-01T00:00:00.000Z', cause: 'placed' });
  const text = `retry: 700\n\n: still here\n\nid: 1\nevent: status\ndata: ${data}\n\n`;
  expect(stepsIn(text)).toEqual([{ id: 1, status: 'PENDING' }]);
});
