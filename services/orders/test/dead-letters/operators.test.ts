import { expect, test } from '@jest/globals';
import { operatorApi } from '@order-pipeline/contracts';
import { eventually, readTopics, times } from '@order-pipeline/testing';
import { useFixture, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { fresh } from '../harness.ts';
import { WAIT } from '../broker.ts';
import { resultOf, useDlqHarness } from './harness.ts';

const postgres = useTestPostgres();
const dlq = useDlqHarness(postgres);
const returned = useFixture(
  () => readTopics(dlq.broker, ['ORDER_PROCESSING', 'ORDER_SHIPPED']),
  (opened) => opened.stop(),
);

const returnedOf = (orderId: string) => returned.messages.filter(({ key }) => key === orderId);
const idsOf = (letters: readonly { readonly letterId: string }[]) => letters.map(({ letterId }) => letterId);

test('a dead letter is listed with where it came from and why, and shown with all that it holds', async () => {
  const orderId = await dlq.putLetter({ reason: 'the value is not JSON' });
  const letter = await dlq.letterOf(orderId);
  expect(letter).toEqual({
    letterId: expect.stringMatching(/^[0-9a-f]{24}$/),
    status: 'OPEN',
    topic: 'ORDER_PROCESSING',
    partition: 4,
    offset: expect.any(String),
    group: 'shipping',
    reason: 'the value is not JSON',
    tries: 5,
    redrives: 0,
    orderId,
    failedAt: '2026-01-01T00:00:00.000Z',
    updatedAt: expect.any(String),
  });
  const shown = await dlq.look(letter.letterId);
  expect(shown).toMatchObject({
    ...letter,
    key: { text: orderId },
    value: { text: 'nonsense' },
    actions: [],
    cameBackAs: [],
  });
  expect(shown.headers).toContainEqual({ name: 'dlq.group', value: { text: 'shipping' } });
});

test('what a message holds is shown as it is: JSON, text, bytes, nothing', async () => {
  const shown = async (value: Buffer | string | null) => {
    const key = fresh('order');
    await dlq.put('ORDER_PLACED.DLQ', { key, value });
    return (await dlq.look((await dlq.letterOf(key)).letterId)).value;
  };
  expect(await shown('{"orderId":7}')).toEqual({ text: '{"orderId":7}', json: { orderId: 7 } });
  expect(await shown('{"orderId":')).toEqual({ text: '{"orderId":' });
  expect(await shown(Buffer.from([0xff, 0x00, 0xfe]))).toEqual({ base64: '/wD+' });
  expect(await shown(null)).toBeNull();
});

test('a message that somebody put there by hand is kept too, with what can be known of it', async () => {
  const key = fresh('order');
  await dlq.put('ORDER_SHIPPED.DLQ', {
    key,
    value: '',
    headers: { 'dlq.partition': 'x', 'dlq.at': 'yesterday', 'dlq.reason': 'a\u0000b', 'od\u0000d': '\u0000' },
  });
  expect(await dlq.letterOf(key)).toMatchObject({
    topic: 'ORDER_SHIPPED',
    group: 'unknown',
    reason: 'ab',
    tries: 0,
  });
  await dlq.put('ORDER_SHIPPED.DLQ', { key: null, value: 'whose?' });
  const orderId = await dlq.putLetter({ topic: 'ORDER_SHIPPED' });
  await dlq.letterOf(orderId);
  await eventually(async () => {
    const letters = await dlq.list({ reason: 'does not say' });
    expect(letters.some((letter) => letter.orderId === undefined)).toBe(true);
  }, WAIT);
});

test('the same letter that is delivered again is listed once', async () => {
  const key = fresh('order');
  const headers = {
    'dlq.group': 'shipping',
    'dlq.partition': '1',
    'dlq.offset': '1',
    'dlq.at': '2026-01-01T00:00:00.000Z',
  };
  await dlq.put('ORDER_PLACED.DLQ', { key, value: 'x', headers });
  await dlq.put('ORDER_PLACED.DLQ', { key, value: 'x', headers });
  const behind = fresh('order');
  await dlq.put('ORDER_PLACED.DLQ', { key: behind, value: 'x', headers: { ...headers, 'dlq.offset': '2' } });
  await dlq.letterOf(behind);
  // The same place at another time is another failure: a broker that starts anew counts from zero.
  await dlq.put('ORDER_PLACED.DLQ', {
    key,
    value: 'x',
    headers: { ...headers, 'dlq.at': '2026-01-02T00:00:00.000Z' },
  });
  await dlq.letterOf(key, 2);
});

test('letters are found by topic, group, words of the reason, order and status, and paged', async () => {
  const group = fresh('group');
  const reason = `the Item ${fresh('item')} is not known`;
  const orderIds: string[] = [];
  for (const topic of ['ORDER_PROCESSING', 'ORDER_SHIPPED', 'ORDER_SHIPPED'] as const)
    orderIds.push(await dlq.putLetter({ group, topic, reason }));
  await dlq.putLetter({ group: fresh('group'), reason: fresh('other') });
  await eventually(async () => expect(await dlq.list({ group })).toHaveLength(3), WAIT);
  expect(await dlq.list({ group, topic: 'ORDER_SHIPPED' })).toHaveLength(2);
  expect(await dlq.list({ reason: reason.toUpperCase() })).toHaveLength(3);
  expect(await dlq.list({ reason: '%' + fresh('none') })).toEqual([]);
  expect(await dlq.list({ group, orderId: orderIds[0] ?? '' })).toHaveLength(1);
  expect(await dlq.list({ group, status: 'REDRIVEN' })).toEqual([]);
  const first = await dlq.harness.orders.server.inject(`/ops/dead-letters?limit=2&group=${group}`);
  const next = /<([^>]+)>; rel="next"/.exec(String(first.headers.link))?.[1] ?? '';
  const second = await dlq.harness.orders.server.inject(next);
  expect(second.headers.link).toBeUndefined();
  const paged = [...first.json<never[]>(), ...second.json<never[]>()];
  expect(paged).toEqual(await dlq.list({ group }));
});

test('a redriven letter is in its topic again as it was, and who did it is kept', async () => {
  const orderId = await dlq.putLetter({ redrives: 1 });
  const { letterId } = await dlq.letterOf(orderId);
  const sent = resultOf(await dlq.redrive(letterId));
  expect(sent).toMatchObject({ dryRun: false, letters: [{ letterId, status: 'REDRIVING' }], leftOut: [] });
  await eventually(() => expect(returnedOf(orderId)).toHaveLength(1), WAIT);
  expect(returnedOf(orderId)).toEqual([
    {
      topic: 'ORDER_PROCESSING',
      partition: expect.any(Number),
      offset: expect.any(String),
      key: orderId,
      value: 'nonsense',
      headers: { 'dlq.group': 'shipping', 'dlq.tries': '5', 'dlq.redrives': '2', 'dlq.letter': letterId },
    },
  ]);
  const shown = await eventually(async () => {
    const after = await dlq.look(letterId);
    expect(after.status).toBe('REDRIVEN');
    return after;
  });
  expect(shown.actions).toEqual([{ action: 'REDRIVE', by: 'ann', at: expect.any(String), forced: false }]);
  const again = await dlq.redrive(letterId, { by: 'bob' });
  expect(again).toMatchObject({
    status: 409,
    body: { code: 'DEAD_LETTER_RESOLVED', error: expect.stringContaining('REDRIVEN') },
  });
  expect((await dlq.look(letterId)).actions).toHaveLength(1);
});

test('a dry run lists exactly the letters that would be redriven, and changes nothing', async () => {
  const group = fresh('group');
  const orderIds: string[] = [];
  for (const redrives of [0, 3, 2]) orderIds.push(await dlq.putLetter({ group, redrives }));
  const letters = await eventually(async () => {
    const listed = await dlq.list({ group });
    expect(listed).toHaveLength(3);
    return listed;
  }, WAIT);
  const wornOut = letters.filter(({ redrives }) => redrives === 3);
  const ask = async (dryRun: boolean) =>
    resultOf(
      await dlq.harness.orders.call(operatorApi.redriveDeadLetters, {
        body: { filter: { group }, by: 'ann', dryRun },
      }),
    );
  const dry = await ask(true);
  expect(await dlq.list({ group })).toEqual(letters);
  const real = await ask(false);
  expect(idsOf(dry.letters)).toEqual(idsOf(letters.filter(({ redrives }) => redrives < 3)));
  expect(idsOf(real.letters)).toEqual(idsOf(dry.letters));
  expect(dry.leftOut).toEqual([
    { letterId: wornOut[0]?.letterId, why: expect.stringContaining('It was redriven 3 times') },
  ]);
  expect(real.leftOut).toEqual(dry.leftOut);
  await eventually(() => expect(orderIds.map((id) => returnedOf(id).length)).toEqual([1, 0, 1]), WAIT);
});

test('a filter is resolved page by page, and what fails again meanwhile is on none of the pages', async () => {
  const group = fresh('group');
  for (const _ of times(3, String)) await dlq.putLetter({ group });
  await eventually(async () => expect(await dlq.list({ group })).toHaveLength(3), WAIT);
  const done: string[] = [];
  let cursor: string | undefined;
  do {
    const page = cursor === undefined ? {} : { cursor };
    const body = { filter: { group }, by: 'ann', note: 'not needed', limit: 2, ...page };
    const result = resultOf(await dlq.harness.orders.call(operatorApi.discardDeadLetters, { body }));
    done.push(...idsOf(result.letters));
    cursor = result.nextCursor;
    const late = await dlq.putLetter({ group });
    await dlq.letterOf(late);
  } while (cursor !== undefined);
  expect(done).toHaveLength(3);
  expect(await dlq.list({ group, status: 'OPEN' })).toHaveLength(2);
});

test('a message that was redriven three times is redriven again with force only, by itself', async () => {
  const orderId = await dlq.putLetter({ redrives: 3 });
  const { letterId } = await dlq.letterOf(orderId);
  for (const dryRun of [true, false])
    expect(await dlq.redrive(letterId, { dryRun })).toMatchObject({
      status: 409,
      body: { code: 'REDRIVE_LIMIT_REACHED' },
    });
  expect(await dlq.redrive(letterId, { force: true })).toMatchObject({ status: 200 });
  await eventually(() => expect(returnedOf(orderId)).toHaveLength(1), WAIT);
  expect(returnedOf(orderId)[0]?.headers['dlq.redrives']).toBe('4');
  expect((await dlq.look(letterId)).actions).toMatchObject([{ forced: true }]);
});

test('force is written down only where it was needed', async () => {
  const { letterId } = await dlq.letterOf(await dlq.putLetter());
  await dlq.redrive(letterId, { force: true });
  expect((await dlq.look(letterId)).actions).toMatchObject([{ forced: false }]);
});

test('a letter that is discarded goes nowhere and is kept with who decided so and why', async () => {
  const orderId = await dlq.putLetter();
  const { letterId } = await dlq.letterOf(orderId);
  const discard = (dryRun: boolean) =>
    dlq.harness.orders.call(operatorApi.discardDeadLetter, {
      params: { letterId },
      body: { by: 'ann', note: 'a test of the supplier', dryRun },
    });
  expect(await discard(true)).toMatchObject({ status: 200, body: { letters: [{ status: 'OPEN' }] } });
  expect(await discard(false)).toMatchObject({ status: 200, body: { letters: [{ status: 'DISCARDED' }] } });
  expect((await dlq.look(letterId)).actions).toMatchObject([
    { action: 'DISCARD', by: 'ann', note: 'a test of the supplier' },
  ]);
  expect(await dlq.redrive(letterId)).toMatchObject({ status: 409, body: { code: 'DEAD_LETTER_RESOLVED' } });
  expect(returnedOf(orderId)).toEqual([]);
});

test('of two operators at once, at two instances, one gets each letter and it goes back once', async () => {
  const other = await dlq.harness.anotherOrders();
  const orderIds = await Promise.all(times(3, () => dlq.putLetter()));
  const letters = await Promise.all(orderIds.map((orderId) => dlq.letterOf(orderId)));
  const replies = await Promise.all(
    letters.flatMap(({ letterId }) => [
      dlq.redrive(letterId, { by: 'ann' }),
      dlq.redrive(letterId, { by: 'bob' }, other),
    ]),
  );
  expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
    ...times(3, () => 200),
    ...times(3, () => 409),
  ]);
  for (const { letterId } of letters)
    await eventually(async () => {
      const { status, actions } = await dlq.look(letterId);
      expect([status, actions.length]).toEqual(['REDRIVEN', 1]);
    }, WAIT);
  // It may be read a moment after it is recorded.
  await eventually(
    () => expect(orderIds.map((orderId) => returnedOf(orderId).length)).toEqual(orderIds.map(() => 1)),
    WAIT,
  );
});

test('a letter that does not exist is 404', async () => {
  const params = { letterId: 'none' };
  const replies = [
    await dlq.harness.orders.call(operatorApi.getDeadLetter, { params }),
    await dlq.redrive('none'),
    await dlq.harness.orders.call(operatorApi.discardDeadLetter, { params, body: { by: 'ann', note: 'x' } }),
  ];
  for (const reply of replies)
    expect(reply).toMatchObject({ status: 404, body: { code: 'DEAD_LETTER_NOT_FOUND' } });
});
