import { expect, test } from '@jest/globals';
import { TOPIC_NAMES, type InspectedOrder } from '@order-pipeline/contracts';
import type { System } from '@order-pipeline/launcher';
import { eventually, readTopics } from '@order-pipeline/testing';
import { unique, type Gateway } from './gateway.ts';

/** What operators see of one order and of its item, held against the messages that really stand in Kafka. */
export const defineInspectionTest = (gateway: () => Gateway, system: () => System): void => {
  const inspect = async (orderId: string): Promise<InspectedOrder> => {
    const { status, body } = await gateway().get(`/ops/orders/${orderId}`);
    expect(status).toBe(200);
    return body as InspectedOrder;
  };
  const placed = async (): Promise<{ readonly orderId: string; readonly itemId: string }> => {
    const [userId, itemId, orderId] = [unique('user'), unique('item'), unique('order')];
    await gateway().addUser(userId);
    await gateway().addItem(itemId, 5);
    expect((await gateway().place(orderId, userId, { [itemId]: 2 })).status).toBe(201);
    return { orderId, itemId };
  };

  test('an inspected order shows its reservation, and its events as they stand in Kafka', async () => {
    const { orderId, itemId } = await placed();
    expect((await inspect(orderId)).events[0]).toMatchObject({ topic: 'ORDER_PLACED', key: orderId });
    await gateway().reaches(orderId, 'DELIVERED');
    const reader = await readTopics(system().infrastructure.broker, TOPIC_NAMES);
    try {
      const own = () => reader.messages.filter(({ key }) => key === orderId);
      await eventually(() => expect(new Set(own().map(({ topic }) => topic)).size).toBe(4), {
        timeoutMs: 30_000,
      });
      await eventually(async () => expect((await inspect(orderId)).reservation.state).toBe('CONSUMED'), {
        timeoutMs: 30_000,
      });
      // Nobody consumes the last one, whose position is reported by who publishes it.
      const events = await eventually(
        async () => {
          const inspected = (await inspect(orderId)).events;
          expect(inspected.map(({ topic }) => topic)).toEqual(TOPIC_NAMES);
          expect(inspected.at(-1)?.offset).toBeDefined();
          return inspected;
        },
        { timeoutMs: 30_000 },
      );
      for (const { topic, partition, offset, key, value, headers } of events) {
        const message = own().find((one) => one.topic === topic && one.offset === offset);
        const { traceparent: _, ...sent } = message?.headers ?? {};
        expect({ topic, partition, headers }).toEqual({
          topic,
          partition: message?.partition,
          headers: sent,
        });
        expect({ key, value }).toEqual({ key: orderId, value: JSON.parse(message?.value ?? '') });
      }
    } finally {
      await reader.stop();
    }
    expect((await gateway().get('/ops/orders/none')).status).toBe(404);
    expect((await gateway().get(`/ops/items/${itemId}`)).body).toEqual({
      itemId,
      itemName: 'Laptop',
      stockedQty: 5,
      availableQty: 3,
      reservedQty: 0,
      consumedQty: 2,
    });
    expect((await gateway().get('/ops/items/none')).status).toBe(404);
  }, 90_000);
};
