import { expect, test } from '@jest/globals';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { unique, type Gateway } from '../gateway.ts';
import type { Compose } from './compose.ts';
import { setUpLoad } from './load.ts';
import type { Stack } from './stack.ts';

interface Instance {
  readonly id: string;
  readonly address: string;
}

const instancesOf = async (compose: Compose, service: string): Promise<Instance[]> => {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  const containers = (await compose.containers()).filter(({ Service }) => Service === service);
  return Promise.all(
    containers.map(async ({ ID }) => {
      const address = await compose.docker('inspect', '--format', format, ID);
      return { id: ID, address: address.trim() };
    }),
  );
};

const scale = (compose: Compose, service: string, count: number) =>
  compose.run('up', '--wait', '--no-recreate', '--no-deps', '--scale', `${service}=${count}`, service);

/** Starts another instance for each, at another address, and then stops the one that it replaces. */
const replaceAll = async (compose: Compose, service: string): Promise<void> => {
  const old = await instancesOf(compose, service);
  for (const { id } of old) {
    await scale(compose, service, old.length + 1);
    await compose.docker('stop', '--time', '15', id);
    await compose.docker('rm', id);
  }
};

/** Places orders one after the other and reads each, until it is stopped; answers whatever was not as it should be, and a wait for their delivery. */
const useWhile = async (gateway: Gateway, goesOn: () => boolean) => {
  const { itemId, userId, allDelivered } = await setUpLoad(gateway);
  const placed: string[] = [];
  const failed: unknown[] = [];
  while (goesOn()) {
    const orderId = unique('order');
    const answers = [
      await gateway.place(orderId, userId, { [itemId]: 1 }),
      await gateway.get(`/api/orders/${orderId}`),
    ];
    placed.push(orderId);
    if (answers.map(({ status }) => status).join() !== '201,200') failed.push(answers);
  }
  return { failed, delivered: () => allDelivered(placed) };
};

/** Containers come and go at other addresses. */
export const defineReplacementTests = (use: () => Stack): void => {
  test.each(['orders', 'inventory', 'orders-facade'])(
    'the instances of %s are replaced one after the other, at other addresses, and no request fails',
    async (service) => {
      const { compose, gateway } = use();
      await scale(compose, service, 2);
      const before = await instancesOf(compose, service);
      let goesOn = true;
      const using = useWhile(gateway, () => goesOn);
      await replaceAll(compose, service).finally(() => {
        goesOn = false;
      });
      const { failed, delivered } = await using;
      expect(failed).toEqual([]);
      const after = await instancesOf(compose, service);
      expect(after).toHaveLength(2);
      for (const { id, address } of before) expect(after).not.toContainEqual({ id, address });
      await delivered();
    },
    8 * MINUTE_MS,
  );
};
