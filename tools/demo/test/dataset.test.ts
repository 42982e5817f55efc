import { NewItem, NewOrder, User } from '@order-pipeline/contracts';
import { expect, test } from '@jest/globals';
import { compileValidator } from '@order-pipeline/service-kit';
import { firstOrders, readDataset, readSuperstore, unitsOf, withPrefix } from '../src/dataset.ts';

const HEADER = 'Order ID,Order Date,Customer ID,Customer Name,Product ID,Product Name,Quantity';
const csvOf = (...lines: string[]): string => [HEADER, ...lines].join('\n');

const superstore = readDataset(readSuperstore());

test('the superstore has 5,009 orders by 793 customers over 1,862 products in 9,994 lines', () => {
  expect(readSuperstore().trimEnd().split('\n')).toHaveLength(9_994 + 1);
  expect(superstore.orders).toHaveLength(5_009);
  expect(superstore.users).toHaveLength(793);
  expect(superstore.items).toHaveLength(1_862);
});

test('eight lines of the superstore name a product that their order names already', () => {
  expect(superstore.orders.flatMap(({ items }) => items)).toHaveLength(9_994 - 8);
});

test('every unit of the superstore is ordered and in stock', () => {
  const ordered = [...unitsOf(superstore.orders).values()].reduce((sum, units) => sum + units, 0);
  const stocked = superstore.items.reduce((sum, { availableQty }) => sum + availableQty, 0);
  expect(ordered).toBe(37_873);
  expect(stocked).toBe(37_873);
});

test.each([
  ['as it is', superstore],
  ['with a prefix', withPrefix(superstore, 'a23456789012345678901234567890b2-')],
])('the system takes every user, item and order of the superstore, %s', (_, { users, items, orders }) => {
  const problemsIn = (schema: object, values: readonly unknown[]) =>
    values.flatMap((value) => compileValidator(schema, 'json')(value));
  expect(problemsIn(User, users)).toEqual([]);
  expect(problemsIn(NewItem, items)).toEqual([]);
  expect(problemsIn(NewOrder, orders)).toEqual([]);
});

test('orders come in the order of their date, and in that of the file on one day', () => {
  const { orders } = readDataset(
    csvOf(
      'o-late,2017-01-02,u1,Ann,p1,Pen,1',
      'o-early-1,2016-12-31,u1,Ann,p1,Pen,1',
      'o-early-2,2016-12-31,u1,Ann,p1,Pen,1',
    ),
  );
  expect(orders.map(({ orderId }) => orderId)).toEqual(['o-early-1', 'o-early-2', 'o-late']);
});

test('an order that names a product twice has one line with the sum', () => {
  const { orders } = readDataset(
    csvOf('o1,2017-01-01,u1,Ann,p1,Pen,2', 'o1,2017-01-01,u1,Ann,p2,Ink,1', 'o1,2017-01-01,u1,Ann,p1,Pen,3'),
  );
  expect(orders).toEqual([
    {
      orderId: 'o1',
      userId: 'u1',
      items: [
        { itemId: 'p1', quantity: 5 },
        { itemId: 'p2', quantity: 1 },
      ],
    },
  ]);
});

test('a product id that stands for two names goes by the first, in text that can be read', () => {
  const { items } = readDataset(
    csvOf('o1,2017-01-01,u1,Ann,p1," Pen\u00a0\t blue\u0001 ",2', 'o2,2017-01-01,u1,Ann,p1,Pencil,1'),
  );
  expect(items).toEqual([{ itemId: 'p1', itemName: 'Pen blue', availableQty: 3 }]);
});

test('the first orders come with the users and the stock that they need and no more', () => {
  const dataset = readDataset(
    csvOf('o1,2017-01-01,u1,Ann,p1,Pen,2', 'o2,2017-01-02,u2,Bob,p1,Pen,5', 'o3,2017-01-03,u1,Ann,p2,Ink,1'),
  );
  expect(firstOrders(dataset, 1)).toEqual({
    users: [{ userId: 'u1', name: 'Ann', email: 'u1@example.com' }],
    items: [{ itemId: 'p1', itemName: 'Pen', availableQty: 2 }],
    orders: [{ orderId: 'o1', userId: 'u1', items: [{ itemId: 'p1', quantity: 2 }] }],
  });
});
