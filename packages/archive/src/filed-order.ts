import { parquetReadObjects } from 'hyparquet';
import { ByteWriter, parquetWrite } from 'hyparquet-writer';
import { SCHEMA } from './schema.ts';

interface FiledLine {
  readonly item_id: string;
  readonly quantity: number;
}

interface FiledStep {
  readonly status: string;
  readonly at: Date;
  readonly cause: string;
  readonly event_partition: number | null;
  readonly event_offset: bigint | null;
  readonly published_partition: number | null;
  readonly published_offset: bigint | null;
}

interface FiledReservation {
  readonly reservation_id: string;
  readonly state: string;
  readonly lines: readonly FiledLine[];
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** An order as it stands in a file, with its history and its reservation; the names are those of the columns. */
export interface FiledOrder {
  readonly id: string;
  readonly seq: bigint;
  readonly user_id: string;
  readonly status: string;
  readonly lines: readonly FiledLine[];
  readonly created_at: Date;
  /** When it was delivered or cancelled. */
  readonly closed_at: Date;
  readonly announced_at: Date;
  readonly stock_returned_at: Date | null;
  readonly reservation_id: string;
  readonly traceparent: string | null;
  /** Oldest first. */
  readonly history: readonly FiledStep[];
  readonly reservation: FiledReservation;
}

const CREATED_BY = 'order-pipeline';

/** The bytes of a Parquet file with these orders. */
export const encodeOrders = async (orders: readonly FiledOrder[]): Promise<Uint8Array> => {
  const writer = new ByteWriter();
  const names = SCHEMA.columns.map(({ name }) => name as keyof FiledOrder);
  await parquetWrite({
    writer,
    createdBy: CREATED_BY,
    schema: SCHEMA.elements,
    columnData: names.map((name) => ({ name, data: orders.map((order) => order[name]) })),
  });
  return new Uint8Array(writer.getBuffer());
};

/** A column is read as `undefined` where it is null. */
const orNull = <T>(value: T | null | undefined): T | null => value ?? null;

const stepOf = (step: FiledStep): FiledStep => ({
  ...step,
  event_partition: orNull(step.event_partition),
  event_offset: orNull(step.event_offset),
  published_partition: orNull(step.published_partition),
  published_offset: orNull(step.published_offset),
});

/**
 * The orders of a Parquet file.
 *
 * @throws Error when these are no bytes of such a file
 */
export const decodeOrders = async (bytes: Uint8Array): Promise<FiledOrder[]> => {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const rows = (await parquetReadObjects({ file })) as unknown as FiledOrder[];
  return rows.map((row) => ({
    ...row,
    stock_returned_at: orNull(row.stock_returned_at),
    traceparent: orNull(row.traceparent),
    history: row.history.map(stepOf),
  }));
};

/** Two lists of orders are the same where their texts are. */
export const textOf = (orders: readonly FiledOrder[]): string =>
  JSON.stringify(orders, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
