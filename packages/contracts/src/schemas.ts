import { Type } from 'typebox';
import { ORDER_STATUSES } from './order-lifecycle.ts';
import { CURSOR, ID, MAX_TEXT_LENGTH, NEW_ID, TEXT } from './patterns.ts';

/** The largest quantity of one order line, of a new item and of one restock, in units. */
export const MAX_QUANTITY = 1_000_000;
/** The most lines that one order may have. */
export const MAX_ORDER_LINES = 100;
/** The most orders or ids that one call between services carries. */
export const MAX_BATCH = 1_000;

/** The id of something that may be known: 1–128 of `A-Za-z0-9._:-`. */
export const Id = (description: string, example: string) =>
  Type.String({ pattern: ID, description, examples: [example] });

/** The id that a client chooses for something new; it can stand in a path. */
export const NewId = (description: string, example: string, pattern = NEW_ID) =>
  Type.String({ pattern, description, examples: [example] });

/** An id among many, as services name them to one another. */
export const AnyId = Type.String({ pattern: ID });

export const Text = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: MAX_TEXT_LENGTH, pattern: TEXT, description, examples: [example] });

export const Quantity = (description: string, example: number) =>
  Type.Integer({ minimum: 1, maximum: MAX_QUANTITY, description, examples: [example] });

export const Count = (description: string) => Type.Integer({ minimum: 0, description });

/** A time of day with fractions and its zone is shorter; what is longer is not even looked at. */
const MAX_TIMESTAMP_LENGTH = 64;

export const Timestamp = (description: string) =>
  Type.String({ format: 'date-time', maxLength: MAX_TIMESTAMP_LENGTH, description });

export const StatusSchema = Type.Enum([...ORDER_STATUSES], {
  type: 'string',
  description: 'Where the order stands',
});

/** An object that refuses fields it does not name. */
export const Strict = <P extends Parameters<typeof Type.Object>[0]>(properties: P, options = {}) =>
  Type.Object(properties, { ...options, additionalProperties: false });

export const OrderLine = Strict({
  itemId: Id('The item', 'item1'),
  quantity: Quantity('Units ordered', 3),
});

export type OrderLine = Type.Static<typeof OrderLine>;

export const OrderLines = Type.Array(OrderLine, { minItems: 1, maxItems: MAX_ORDER_LINES });

export const UserIdParams = Strict({ userId: Id('The user', 'user11') });
export const ItemIdParams = Strict({ itemId: Id('The item', 'item1') });
export const OrderIdParams = Strict({ orderId: Id('The order', 'order-1') });

/** Paging of a list: newest first, `cursor` from the `Link` header of the page before. */
export const PageQuery = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: 100,
      description:
        'The most entries to answer; where they are large, a page has fewer, and the Link header leads on',
    }),
  ),
  cursor: Type.Optional(
    Type.String({
      pattern: CURSOR,
      description: 'Where the page starts: as in the Link header of the page before',
    }),
  ),
};
