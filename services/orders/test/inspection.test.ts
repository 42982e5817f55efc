import { beforeAll, expect, test } from '@jest/globals';
import { inspectionApi } from '@order-pipeline/contracts';
import { eventually } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { useHarness } from './harness.ts';

let orderId: string;

const postgres = useTestPostgres();
const harness = useHarness(postgres);

beforeAll(async () => {
  orderId = await harness.placed({ [await harness.addItem(5)]: 2 });
});

const inspect = (id: string) => harness.orders.call(inspectionApi.inspectOrder, { params: { orderId: id } });

test('an order on its way has its stock reserved, and an event for each status that it took', async () => {
  const reservation = await harness.heldFor(orderId);
  expect(await inspect(orderId)).toMatchObject({
    status: 200,
    body: {
      orderId,
      reservation: { reservationId: reservation?.reservationId, state: 'HELD' },
      events: [{ topic: 'ORDER_PLACED', key: orderId, value: { orderId, status: 'PENDING' } }],
    },
  });
});

test('while the inventory is away the rest is answered', async () => {
  const { inventory } = harness.clients;
  delete harness.clients.inventory;
  try {
    const { status, body } = await inspect(orderId);
    expect({ status, body }).toMatchObject({ status: 200, body: { events: [{ topic: 'ORDER_PLACED' }] } });
    expect(body).toHaveProperty('reservation.reservationId');
    expect(body).not.toHaveProperty('reservation.state');
  } finally {
    Object.assign(harness.clients, { inventory });
  }
});

test('what is cancelled has announced nothing more, and its stock is released', async () => {
  await harness.cancel(orderId);
  await eventually(async () =>
    expect((await inspect(orderId)).body).toMatchObject({
      reservation: { state: 'RELEASED' },
      events: [{ topic: 'ORDER_PLACED' }],
    }),
  );
});

test('there is nothing to inspect of an order that is not there', async () => {
  expect(await inspect('none')).toMatchObject({ status: 404, body: { error: 'There is no order none' } });
});
