import type { SchemaElement } from 'hyparquet';

/** A column, with those that are within it; the first element is its own. */
interface Column {
  readonly name: string;
  readonly elements: readonly SchemaElement[];
}

type Presence = 'REQUIRED' | 'OPTIONAL';

const column = (element: SchemaElement, inner: readonly Column[] = []): Column => ({
  name: element.name,
  elements: [element, ...inner.flatMap(({ elements }) => elements)],
});

const text = (name: string, repetition_type: Presence = 'REQUIRED'): Column =>
  column({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type });

const int32 = (name: string, repetition_type: Presence = 'REQUIRED'): Column =>
  column({ name, type: 'INT32', repetition_type });

const int64 = (name: string, repetition_type: Presence = 'REQUIRED'): Column =>
  column({ name, type: 'INT64', repetition_type });

/** In UTC, to the millisecond, as the database keeps it. */
const time = (name: string, repetition_type: Presence = 'REQUIRED'): Column =>
  column({ name, type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type });

const group = (name: string, fields: readonly Column[]): Column =>
  column({ name, num_children: fields.length, repetition_type: 'REQUIRED' }, fields);

/** A list of groups, in the three levels of the format. */
const list = (name: string, fields: readonly Column[]): Column =>
  column({ name, num_children: 1, converted_type: 'LIST', repetition_type: 'REQUIRED' }, [
    column({ name: 'list', num_children: 1, repetition_type: 'REPEATED' }, [group('element', fields)]),
  ]);

const lines = list('lines', [text('item_id'), int32('quantity')]);

const columns: readonly Column[] = [
  text('id'),
  int64('seq'),
  text('user_id'),
  text('status'),
  lines,
  time('created_at'),
  time('closed_at'),
  time('announced_at'),
  time('stock_returned_at', 'OPTIONAL'),
  text('reservation_id'),
  text('traceparent', 'OPTIONAL'),
  list('history', [
    text('status'),
    time('at'),
    text('cause'),
    int32('event_partition', 'OPTIONAL'),
    int64('event_offset', 'OPTIONAL'),
    int32('published_partition', 'OPTIONAL'),
    int64('published_offset', 'OPTIONAL'),
  ]),
  group('reservation', [
    text('reservation_id'),
    text('state'),
    lines,
    time('created_at'),
    time('updated_at'),
  ]),
];

/** The columns of a file, and the elements of the format that say so. */
export const SCHEMA = {
  columns,
  elements: [
    { name: 'orders', num_children: columns.length },
    ...columns.flatMap(({ elements }) => elements),
  ] satisfies SchemaElement[],
};
