import { expect, test } from '@jest/globals';
import type { DeadLetter, DeadLetterWithContent, LetterResult } from '@order-pipeline/contracts';
import { eventually } from '@order-pipeline/testing';
import { defineAuditTest } from '../audit.ts';
import { unique } from '../gateway.ts';
import { useOrdersDatabase, useWholeSystem } from './fixtures.ts';

/** A real Kafka takes its time to let a first member into a group. */
const WAIT = { timeoutMs: 20_000 };

const { started, gateway } = useWholeSystem();
const ordersDatabase = useOrdersDatabase(started);

const lettersOf = async (orderId: string, query = ''): Promise<DeadLetter[]> =>
  (await gateway.get(`/ops/dead-letters?orderId=${orderId}${query}`)).body as DeadLetter[];

const openLetterOf = (orderId: string): Promise<DeadLetter> =>
  eventually(async () => {
    const letters = await lettersOf(orderId, '&status=OPEN');
    expect(letters).toHaveLength(1);
    return letters[0] as DeadLetter;
  }, WAIT);

const redrive = (letterId: string) =>
  gateway.post(`/ops/dead-letters/${letterId}/redrive`, { by: 'ann', note: 'fixed' });

test('an order whose message was a dead letter reaches DELIVERED once its cause is fixed and it is redriven', async () => {
  const [userId, itemId, orderId, other] = [unique('user'), unique('item'), unique('order'), unique('order')];
  await gateway.addUser(userId);
  await gateway.addItem(itemId, 10);
  await ordersDatabase.refuseShipping(orderId);
  for (const id of [orderId, other]) await gateway.place(id, userId, { [itemId]: 2 });
  const letter = await openLetterOf(orderId);
  expect(letter).toMatchObject({ topic: 'ORDER_PROCESSING', group: 'shipping', tries: 5, redrives: 0 });
  await gateway.reaches(other, 'DELIVERED');
  expect(await gateway.statusOf(orderId)).toBe('PROCESSING');
  await ordersDatabase.allowShipping();
  expect(await redrive(letter.letterId)).toMatchObject({ status: 200 });
  await gateway.reaches(orderId, 'DELIVERED');
  expect(await lettersOf(orderId)).toMatchObject([{ letterId: letter.letterId, status: 'REDRIVEN' }]);
  await eventually(async () => {
    expect(await gateway.stockOf(itemId)).toEqual({ availableQty: 6, reservedQty: 0 });
  });
}, 60_000);

test('a message that nobody can understand is listed, tried, redriven three times, and then discarded', async () => {
  const orderId = unique('order');
  const producer = started.system.infrastructure.broker.connect(unique('poison')).producer();
  await producer.connect();
  const messages = [{ key: orderId, value: '{"orderId":' }];
  await producer.sendBatch({ topicMessages: [{ topic: 'ORDER_PLACED', messages }] });
  await producer.disconnect();
  for (const redrives of [0, 1, 2]) {
    const letter = await openLetterOf(orderId);
    expect(letter).toMatchObject({
      redrives,
      tries: redrives + 1,
      group: 'workflow',
      reason: 'the value is not JSON',
    });
    const body = { filter: { orderId }, by: 'ann' };
    const dry = (await gateway.post('/ops/dead-letters/redrive', { ...body, dryRun: true }))
      .body as LetterResult;
    expect(dry.letters).toEqual([letter]);
    expect(await openLetterOf(orderId)).toEqual(letter);
    const real = (await gateway.post('/ops/dead-letters/redrive', body)).body as LetterResult;
    expect(real.letters).toMatchObject([{ letterId: letter.letterId }]);
    await eventually(async () => expect(await lettersOf(orderId)).toHaveLength(redrives + 2), WAIT);
  }
  const { letterId } = await openLetterOf(orderId);
  expect(await redrive(letterId)).toMatchObject({ status: 409, body: { code: 'REDRIVE_LIMIT_REACHED' } });
  const gone = { by: 'ann', note: 'a test of the supplier' };
  expect(await gateway.post(`/ops/dead-letters/${letterId}/discard`, gone)).toMatchObject({ status: 200 });
  expect(await lettersOf(orderId, '&status=OPEN')).toEqual([]);
  const shown = (await gateway.get(`/ops/dead-letters/${letterId}`)).body as DeadLetterWithContent;
  expect(shown).toMatchObject({ value: { text: '{"orderId":' }, actions: [{ action: 'DISCARD', ...gone }] });
}, 60_000);

test('what operators ask is not among what clients ask', async () => {
  for (const path of ['/api/ops/dead-letters', '/api/dead-letters'])
    expect(await gateway.get(path)).toMatchObject({ status: 404, body: { code: 'ROUTE_NOT_FOUND' } });
});

defineAuditTest(() => started.system);
