import { expect, test } from '@jest/globals';
import type { OperatorAction } from '@order-pipeline/contracts';
import { runOrders, type Ended } from './run-orders.ts';
import { useSystem } from './system.ts';

const system = useSystem({ AUTH_DEV_ISSUER: 'on' });

const tokenFor = async (user: string, ...more: string[]): Promise<string> => {
  const { code, out, err } = await runOrders(['token', '--user', user, ...more], {
    DATA_DIR: system.dataDir,
  });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  return out.trim();
};
const orders = (token: string, ...args: string[]): Promise<Ended> =>
  runOrders([...args, '--url', system.url], { ORDERS_TOKEN: token });

test('a token is all that a customer needs, and no more than it allows is done with it', async () => {
  const alice = await tokenFor('alice');
  const add = ['users', 'add', 'alice', '--name', 'Alice', '--email', 'alice@example.com'];
  expect(await orders(alice, ...add)).toMatchObject({ code: 0 });
  expect(await orders(alice, 'items', 'add', 'desk', '--name', 'Desk', '--quantity', '9')).toMatchObject({
    code: 1,
    err: 'This takes the scope catalog:write\n',
  });
  const shop = await tokenFor('shop', '--scope', 'catalog:write orders:cancel.any', '--life', '60');
  const added = ['items', 'add', 'desk', '--name', 'Desk', '--quantity', '9', '--reason', 'für alle'];
  expect(await orders(shop, ...added)).toMatchObject({ code: 0 });
  expect(await orders(alice, 'place', 'desk=2', '--user', 'alice', '--order', 'o-1')).toMatchObject({
    code: 0,
  });
  const bob = await tokenFor('bob');
  expect(await orders(bob, 'show', 'o-1')).toMatchObject({ code: 1, err: 'There is no order o-1\n' });
  expect(await orders(bob, 'place', 'desk', '--user', 'alice')).toMatchObject({ code: 1 });
  expect(await orders(shop, 'cancel', 'o-1', '--reason', 'she called')).toMatchObject({ code: 0 });
}, 60_000);

test('what operators did is listed, by whom, why and where', async () => {
  const ann = await tokenFor('ann', '--scope', 'ops:read');
  const { code, out } = await orders(ann, 'actions');
  expect(code).toBe(0);
  expect(out).toMatch(/^at +by +action +target +reason +request\n/);
  expect(out).toMatch(/shop +CANCEL_ORDER +o-1 +she called +\S+\n/);
  expect(out).toMatch(/shop +ADD_ITEM +desk +für alle +\S+\n\n2 actions\n/);
  const listed = await orders(ann, 'actions', '--target', 'o-1', '--json');
  expect(JSON.parse(listed.out) as OperatorAction[]).toMatchObject([{ action: 'CANCEL_ORDER', by: 'shop' }]);
  expect((await orders(ann, 'actions', '--by', 'nobody')).out).toBe('There are no such actions.\n');
  expect(await orders(await tokenFor('alice'), 'actions')).toMatchObject({ code: 1 });
}, 60_000);
