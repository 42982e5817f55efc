import { expect, test } from '@jest/globals';
import { createFindings } from '../../src/findings.ts';
import { createModel } from '../../src/workload/model.ts';
import { judgeKeyedRestock } from '../../src/workload/restocks.ts';

const ITEM = { itemId: 'item-1', itemName: 'Item 1', availableQty: 15 };
const CLOCK = { least: 2, most: 3 };
const DELIVERY = { itemId: ITEM.itemId, key: 'delivery-1', quantity: 5 };

interface Answered {
  readonly quantity?: number;
  readonly status?: number;
  readonly body: unknown;
}

/** The promises that are broken where restocks under one key are answered so, one after the other. */
const brokenBy = (answers: readonly Answered[], areKeysKept = true): string[] => {
  const findings = createFindings();
  const model = createModel(findings);
  const context = { model, findings, areKeysKept: () => areKeysKept };
  model.item(ITEM.itemId).confirmed = { content: ITEM, at: 1 };
  const asked = new Set(answers.map(({ quantity = 5 }) => quantity));
  model.item(ITEM.itemId).keyedRestocks.set(DELIVERY.key, { asked, confirmed: undefined });
  for (const { quantity = 5, status = 200, body } of answers)
    judgeKeyedRestock(
      context,
      { ...DELIVERY, quantity },
      { status, body, headers: {}, askedAt: 2, answeredAt: 3, wasStopping: false, gatewayClock: CLOCK },
    );
  return findings.list().map(({ promise }) => promise);
};

const REUSED = { status: 409, body: { code: 'IDEMPOTENCY_KEY_REUSED' } };

test('the same restock under a key is answered as the first time', () => {
  expect(brokenBy([{ body: { availableQty: 20 } }, { body: { availableQty: 20 } }])).toEqual([]);
  expect(brokenBy([{ body: { availableQty: 20 } }, { body: { availableQty: 25 } }])).toEqual([
    'a restock repeated under its key is answered as the first time',
  ]);
});

test('another restock under the key is refused', () => {
  const first = { body: { availableQty: 20 } };
  expect(brokenBy([first, { quantity: 6, ...REUSED }])).toEqual([]);
  expect(brokenBy([first, { quantity: 6, body: { availableQty: 26 } }])).toEqual([
    'an idempotency key stands for one restock',
  ]);
});

test('the same restock is never refused as another one, and an item that was added is there', () => {
  const promise = 'a refused restock was refused rightly';
  expect(brokenBy([{ body: {} }, REUSED])).toEqual([promise]);
  expect(brokenBy([{ status: 404, body: { code: 'ITEM_NOT_FOUND' } }])).toEqual([promise]);
  expect(brokenBy([{ status: 400, body: { code: 'VALIDATION_FAILED' } }])).toEqual([promise]);
});

test('where clocks were set by a day, a key may have been forgotten', () => {
  expect(brokenBy([{ body: { availableQty: 20 } }, { body: { availableQty: 25 } }], false)).toEqual([]);
});
