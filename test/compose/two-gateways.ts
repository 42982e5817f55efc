import { expect } from '@jest/globals';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import { unique, type Gateway } from '../gateway.ts';

/** What clients got while something happened to the system. */
export interface Answers {
  /** Orders that were answered 201. */
  readonly acknowledged: number;
  /** Placements that were answered 503. */
  readonly refused: number;
  /** Placements that got no answer in time, or no connection. */
  readonly unanswered: number;
  /** The longest time without a 201. */
  readonly longestSilenceMs: number;
  /** The longest time in which none of these orders was delivered, from the first delivery to the last. */
  readonly longestStandstillMs: number;
}

/** Clients that place orders of one unit through several gateways. */
export interface Clients {
  /** Places so many at once; answers the ids of those acknowledged. */
  place(count: number): Promise<string[]>;
  /** Waits until all are delivered. */
  allDelivered(orderIds: readonly string[]): Promise<void>;
  /** Places orders until `befall` is done, waits until all that were acknowledged are delivered, and answers what clients got. */
  placeWhile(befall: () => Promise<void>): Promise<Answers>;
}

const STOCK = 100_000;
const CLIENTS_PER_GATEWAY = 2;
/** What each client waits after an answer. */
const PAUSE_MS = 100;
const READS_AT_ONCE = 10;

const longestGap = (times: readonly number[]): number =>
  Math.round(Math.max(0, ...times.slice(1).map((time, index) => time - (times[index] ?? time))));

/** When an order was delivered, in milliseconds; waits until it is. */
const deliveryOf = (gateway: Gateway, orderId: string): Promise<number> =>
  eventually(
    async () => {
      const { status, body } = await gateway.get(`/api/orders/${orderId}/history`);
      expect([orderId, status]).toEqual([orderId, 200]);
      const last = (body as readonly { readonly status: string; readonly at: string }[]).at(-1);
      expect([orderId, last?.status]).toEqual([orderId, 'DELIVERED']);
      return Date.parse(last?.at ?? '');
    },
    { timeoutMs: 3 * MINUTE_MS },
  );

const deliveriesOf = async (gateway: Gateway, orderIds: readonly string[]): Promise<number[]> => {
  const times: number[] = [];
  for (let first = 0; first < orderIds.length; first += READS_AT_ONCE) {
    const some = orderIds.slice(first, first + READS_AT_ONCE);
    times.push(...(await Promise.all(some.map((orderId) => deliveryOf(gateway, orderId)))));
  }
  return times.toSorted((a, b) => a - b);
};

/** A user, an item with plenty of stock, and clients of all gateways. */
export const setUpClients = async (gateways: readonly [Gateway, ...Gateway[]]): Promise<Clients> => {
  const [first] = gateways;
  const [userId, itemId] = [unique('user'), unique('item')];
  await first.addUser(userId);
  await first.addItem(itemId, STOCK);
  const placeOne = async (gateway: Gateway) => {
    const orderId = unique('order');
    const answer = await gateway.place(orderId, userId, { [itemId]: 1 }).catch(() => undefined);
    return { orderId, status: answer?.status };
  };

  /** Places orders through a gateway as long as `goesOn` says so; answers each with its status and its time. */
  const keepPlacing = async (gateway: Gateway, goesOn: () => boolean) => {
    const answers: { readonly orderId: string; readonly status: number | undefined; readonly at: number }[] =
      [];
    const client = async (): Promise<void> => {
      while (goesOn()) {
        answers.push({ ...(await placeOne(gateway)), at: performance.now() });
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    };
    await Promise.all(Array.from({ length: CLIENTS_PER_GATEWAY }, client));
    return answers;
  };

  return {
    place: async (count) => {
      const placed = await Promise.all(
        Array.from({ length: count }, (_, index) => placeOne(gateways[index % gateways.length] ?? first)),
      );
      return placed.filter(({ status }) => status === 201).map(({ orderId }) => orderId);
    },
    allDelivered: async (orderIds) => {
      await deliveriesOf(first, orderIds);
    },
    placeWhile: async (befall) => {
      let goesOn = true;
      const placing = gateways.map((gateway) => keepPlacing(gateway, () => goesOn));
      await befall().finally(() => {
        goesOn = false;
      });
      const byGateway = await Promise.all(placing);
      const answers = byGateway.flat().toSorted((a, b) => a.at - b.at);
      const acknowledged = answers.filter(({ status }) => status === 201);
      for (const each of byGateway) expect(each.some(({ status }) => status === 201)).toBe(true);
      const delivered = await deliveriesOf(
        first,
        acknowledged.map(({ orderId }) => orderId),
      );
      const times = [answers[0], ...acknowledged, answers.at(-1)].flatMap((answer) => answer?.at ?? []);
      const refused = answers.filter(({ status }) => status === 503).length;
      return {
        acknowledged: acknowledged.length,
        refused,
        unanswered: answers.length - acknowledged.length - refused,
        longestSilenceMs: longestGap(times),
        longestStandstillMs: longestGap(delivered),
      };
    },
  };
};
