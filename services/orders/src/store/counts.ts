import type { OrderStatus } from '@order-pipeline/contracts';
import type { DueTimes } from '@order-pipeline/service-kit';
import type { Sql } from './sql.ts';

const MINUTE_MS = 60_000;
/** Over how long deliveries are looked at, in milliseconds. */
export const DELIVERY_WINDOW_MS = 5 * MINUTE_MS;
/** What is younger is left as it is, so that the rates of the last minute are exact. */
const FOLDED_AFTER_MS = MINUTE_MS + 5_000;
/** So many rows are not worth folding. */
const FEW_ROWS = 500;
/** How many rows are folded at once. */
const MAX_FOLDED = 20_000;

/** The orders in a status, and how many came there in the last minute. */
export interface StatusCount {
  readonly status: OrderStatus;
  readonly orders: number;
  readonly lastMinute: number;
}

/** Deliveries of the last minutes that took from 1.1^bin to 1.1^(bin+1) milliseconds since the order was placed. */
export interface DeliveryBin {
  readonly bin: number;
  readonly orders: number;
}

export interface KeptCounts {
  readonly statuses: readonly StatusCount[];
  /** Quickest first. */
  readonly deliveries: readonly DeliveryBin[];
}

/** Which times are so many milliseconds ago or more, and which lie further ahead than clocks may differ. */
type AgesAt = (ageMs: number) => DueTimes;

/**
 * The kept counts: a sum over some hundred rows, however many orders there are. What is dated ahead is in no rate.
 */
export const readCounts = async (sql: Sql, agesAt: AgesAt): Promise<KeptCounts> => {
  const { until: minuteAgo, ahead } = agesAt(MINUTE_MS);
  const { until: windowStart } = agesAt(DELIVERY_WINDOW_MS);
  const statuses = await sql.$queryRaw<StatusCount[]>`
    SELECT status::text AS status, sum(entered - "left")::float8 AS orders,
           coalesce(sum(entered) FILTER (
             WHERE at > ${minuteAgo}::timestamptz AND at <= ${ahead}::timestamptz), 0)::float8 AS "lastMinute"
    FROM order_transitions GROUP BY status`;
  const deliveries = await sql.$queryRaw<DeliveryBin[]>`
    SELECT delivery_bin AS bin, sum(entered)::float8 AS orders FROM order_transitions
    WHERE delivery_bin IS NOT NULL
      AND at > ${windowStart}::timestamptz AND at <= ${ahead}::timestamptz
    GROUP BY delivery_bin HAVING sum(entered) > 0 ORDER BY delivery_bin`;
  return { statuses, deliveries };
};

/**
 * Folds rows that are older than a minute: into one for every ten seconds, and into one a status where they are older than
 * any rate. The rows that it takes are replaced in the same statement, so every reader sees the same sums; several instances
 * take different ones, and nobody who places or moves orders waits for it.
 *
 * @returns whether there may be more to fold
 */
export const foldCounts = async (sql: Sql, agesAt: AgesAt): Promise<boolean> => {
  const { until: young, ahead } = agesAt(FOLDED_AFTER_MS);
  const { until: old } = agesAt(DELIVERY_WINDOW_MS);
  const [row] = await sql.$queryRaw<{ taken: number }[]>`
    WITH due AS (
      SELECT ctid FROM order_transitions
      WHERE (at < ${young}::timestamptz OR at > ${ahead}::timestamptz) AND (
        SELECT count(*) FROM (
          SELECT FROM order_transitions
          WHERE at < ${young}::timestamptz OR at > ${ahead}::timestamptz LIMIT ${FEW_ROWS + 1}
        ) AS few
      ) > ${FEW_ROWS}
      LIMIT ${MAX_FOLDED} FOR UPDATE SKIP LOCKED
    ), taken AS (
      DELETE FROM order_transitions WHERE ctid = ANY(ARRAY(SELECT ctid FROM due))
      RETURNING status, at, entered, "left", delivery_bin, at < ${old}::timestamptz OR at > ${ahead}::timestamptz AS is_old
    ), folded AS (
      INSERT INTO order_transitions (status, at, entered, "left", delivery_bin)
      SELECT status, span, sum(entered), sum("left"), bin FROM (
        SELECT status, entered, "left",
          CASE WHEN is_old THEN '-infinity' ELSE date_bin('10 seconds', at, 'epoch') END AS span,
          CASE WHEN is_old THEN NULL ELSE delivery_bin END AS bin
        FROM taken
      ) AS spans GROUP BY status, span, bin
    )
    SELECT count(*)::float8 AS taken FROM taken`;
  return (row?.taken ?? 0) >= MAX_FOLDED;
};
