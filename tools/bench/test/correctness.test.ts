import { expect, test } from '@jest/globals';
import { correctnessOf } from '../src/correctness/audit.ts';
import { addUp, FLAWLESS, isFlawless } from '../src/correctness/correctness.ts';
import { judgeStock } from '../src/correctness/stored.ts';
import { createAnswerRecorder, type Answers } from '../src/load/answers.ts';
import { hotOrders, spreadOrders } from '../src/load/orders.ts';

const dataset = { userIds: ['u0', 'u1'], itemIds: ['i0', 'i1', 'i2'], stockOfEach: 10 };
const answered = (answers: Partial<Answers>) => ({
  source: { ...spreadOrders(dataset), unitsOfEach: 3 },
  answers: { placed: [], refusedRightly: 0, wrong: 0, examples: [], ...answers },
});
const ids = (count: number) => Array.from({ length: count }, (_, index) => `o${index}`);

const take = (recorder: ReturnType<typeof createAnswerRecorder>) => {
  recorder.take('o1', 201, '{"message":"Order placed successfully","orderId":"o1"}');
  recorder.take('o2', 201, '{"message":"Order placed successfully","orderId":"o3"}');
  recorder.take('o4', 409, '{"code":"NOT_ENOUGH_STOCK"}');
  recorder.take('o5', 503, 'busy');
};

test('an answer counts when it is 201 and tells of the order that was asked for', () => {
  const recorder = createAnswerRecorder();
  take(recorder);
  const answers = recorder.close(6);
  expect(answers.placed).toEqual(['o1']);
  expect(answers.wrong).toBe(5);
  expect(answers.examples).toHaveLength(3);
});

test('a refusal that is due is not wrong', () => {
  const recorder = createAnswerRecorder('NOT_ENOUGH_STOCK');
  take(recorder);
  expect(recorder.close(4)).toMatchObject({ placed: ['o1'], refusedRightly: 1, wrong: 2 });
});

test('every order has an id of its own, and all items come up', () => {
  const source = spreadOrders({ ...dataset, itemIds: ids(7) });
  const orders = Array.from({ length: 1_000 }, () => source.next());
  expect(new Set(orders.map(({ orderId }) => orderId)).size).toBe(1_000);
  expect(new Set(orders.flatMap(({ items }) => items.map(({ itemId }) => itemId))).size).toBe(7);
});

test('hot orders are all of one item', () => {
  const source = hotOrders(dataset);
  const items = Array.from({ length: 10 }, () => source.next().items);
  expect(items).toEqual(items.map(() => [{ itemId: 'i0', quantity: 1 }]));
});

test('as many units are gone as were sold: all is well', () => {
  expect(judgeStock([answered({ placed: ids(4) })], [6, 6, 0])).toEqual(FLAWLESS);
});

test('units that were sold and are still there are lost, those gone without an order are doubled', () => {
  expect(judgeStock([answered({ placed: ids(4) })], [6, 4, 0])).toEqual({ ...FLAWLESS, lost: 2 });
  expect(judgeStock([answered({ placed: ids(4) })], [6, 6, 3])).toEqual({ ...FLAWLESS, doubled: 3 });
});

test('an order without an answer may have been stored or not', () => {
  for (const gone of [12, 15])
    expect(judgeStock([answered({ placed: ids(4), wrong: 1 })], [gone])).toEqual(FLAWLESS);
});

test('more units sold than there were is oversold', () => {
  expect(judgeStock([answered({ placed: ids(11) })], [10, 10, 10])).toEqual({
    ...FLAWLESS,
    lost: 3,
    oversold: 3,
  });
});

test('violations of the audit are counted by what they mean', () => {
  const check = (name: 'stock' | 'histories' | 'progress', ...counts: number[]) => ({
    name,
    invariant: '',
    checked: 0,
    unit: '',
    notes: [],
    violations: counts.map((count) => ({ problem: '', count, examples: [] })),
  });
  const checks = [check('stock', 1, 2), check('histories', 4), check('progress')];
  expect(correctnessOf({ checks })).toEqual({ refusedWrongly: 0, lost: 0, doubled: 4, oversold: 3 });
});

test('what adds up to nothing is flawless, and nothing else is', () => {
  expect(isFlawless(addUp([FLAWLESS, FLAWLESS]))).toBe(true);
  expect(isFlawless(addUp([FLAWLESS, { ...FLAWLESS, lost: 1 }]))).toBe(false);
});
