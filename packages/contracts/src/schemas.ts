import { Type } from 'typebox';
import { ORDER_STATUSES } from './order-status.ts';

/** The largest quantity of one order line, of a new item and of one restock, in units. */
export const MAX_QUANTITY = 1_000_000;
/** The most lines that one order may have. */
export const MAX_ORDER_LINES = 100;
/** The most orders or ids that one call between services carries. */
export const MAX_BATCH = 1_000;

const ID = '^[A-Za-z0-9._:-]{1,128}$';
// No control characters (PostgreSQL cannot store NUL) and no halves of surrogate pairs, and not only spaces.
const PRINTABLE =
  '^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]*[^\\u0000-\\u0020\\u007f\\ud800-\\udfff][^\\u0000-\\u001f\\u007f\\ud800-\\udfff]*$';
const CURSOR = '^(?:0|[1-9a-z][0-9a-z]{0,9})$';

/** What each pattern asks for, in words for the one whose input does not match it. */
export const PATTERN_RULES: Readonly<Record<string, string>> = {
  [ID]: 'must be 1 to 128 of the characters A-Z a-z 0-9 . _ : -',
  [PRINTABLE]: 'must be text that can be read, without control characters',
  [CURSOR]: 'must be a cursor from the Link header of the page before',
};

/** An id chosen by a client: 1–128 of `A-Za-z0-9._:-`. */
export const Id = (description: string, example: string) =>
  Type.String({ pattern: ID, description, examples: [example] });

export const Text = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 200, pattern: PRINTABLE, description, examples: [example] });

export const Quantity = (description: string, example: number) =>
  Type.Integer({ minimum: 1, maximum: MAX_QUANTITY, description, examples: [example] });

export const Count = (description: string) => Type.Integer({ minimum: 0, description });

export const Timestamp = (description: string) => Type.String({ format: 'date-time', description });

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
    Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'The most entries to answer' }),
  ),
  cursor: Type.Optional(
    Type.String({
      pattern: CURSOR,
      description: 'Where the page starts: as in the Link header of the page before',
    }),
  ),
};
