import type { ReadingOptions } from '../load/read.ts';
import { STORED } from './fill.ts';

/** A list has as many as it gives where nothing is asked for; a user has at least as many, at every size. */
const LIST_LENGTH = 100;
const USER_LENGTH = 10;
/** A prime, so that neighbouring reads are far apart. */
const STRIDE = 7_919;

/** A kind of read that must not get slower as orders are stored. */
export interface ReadKind {
  readonly name: string;
  /** @param index which read it is, from 0 */
  readonly pathOf: (index: number, stored: number) => string;
  readonly isRight: ReadingOptions['isRight'];
}

const has =
  (length: number) =>
  (body: string): boolean =>
    (JSON.parse(body) as unknown[]).length === length;

export const READ_KINDS: readonly ReadKind[] = [
  { name: 'list', pathOf: () => '/api/orders', isRight: has(LIST_LENGTH) },
  {
    name: 'by user',
    pathOf: (index) => `/api/orders/user/${STORED.userId(index * STRIDE)}?limit=${USER_LENGTH}`,
    isRight: has(USER_LENGTH),
  },
  {
    name: 'by id',
    pathOf: (index, stored) => `/api/orders/${STORED.orderId((index * STRIDE) % stored)}`,
    isRight: (body) => (JSON.parse(body) as { status?: string }).status === 'DELIVERED',
  },
];
