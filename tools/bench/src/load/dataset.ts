import { randomBytes } from 'node:crypto';
import { CliError } from '@order-pipeline/cli/kit';
import { keepBusy, openConnections } from './connections.ts';

const AT_ONCE = 32;

/** Users and items that orders are placed with. */
export interface Dataset {
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
  /** How many units there were of each item. */
  readonly stockOfEach: number;
}

export interface DatasetSize {
  readonly users: number;
  readonly items: number;
  readonly stockOfEach: number;
  /** How many characters the ids of items have at least; those that are shorter are filled up. */
  readonly itemIdLength?: number;
}

/** Beginnings of ids that nothing else has. */
export const uniquePrefix = (word: string): string => `${word}-${randomBytes(4).toString('hex')}-`;

const forEach = (values: readonly string[], work: (value: string) => Promise<void>): Promise<void> => {
  const left = values.toReversed();
  return keepBusy(
    AT_ONCE,
    () => left.length > 0,
    () => work(left.pop() ?? ''),
  );
};

const idsOf = (word: string, count: number, length = 0): string[] => {
  const prefix = uniquePrefix(word);
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`.padEnd(length, '-'));
};

/**
 * Registers users and adds items over HTTP.
 *
 * @param url of the gateway, or of whatever answers the same requests
 * @param token of somebody who may register anybody and add items, where access control is on
 */
export const createDataset = async (
  url: string,
  { users, items, stockOfEach, itemIdLength }: DatasetSize,
  token?: string,
): Promise<Dataset> => {
  const open = openConnections(url, AT_ONCE);
  const post = async (path: string, body: object): Promise<void> => {
    const answer = await open.post(path, body, token);
    if (answer.status !== 201) throw new CliError(`${path} answered ${answer.status}: ${answer.body}`);
  };
  const dataset = { userIds: idsOf('user', users), itemIds: idsOf('item', items, itemIdLength), stockOfEach };
  await forEach(dataset.userIds, (userId) =>
    post('/api/users', { userId, name: 'Sriram', email: `${userId}@example.com` }),
  );
  await forEach(dataset.itemIds, (itemId) =>
    post('/api/inventory', { itemId, itemName: 'Laptop', availableQty: stockOfEach }),
  );
  open.close();
  return dataset;
};
