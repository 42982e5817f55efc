import type { DeadLetter, DeadLetterStatus, Topic } from '@order-pipeline/contracts';
import type { ReadDeadLetter } from '@order-pipeline/messaging';
import { Prisma, type DeadLetter as StoredLetter } from '../generated/client.ts';

/** A dead letter as the queries select it, without what the message holds. */
export interface LetterRow extends Omit<ReadDeadLetter, 'previousId' | 'orderId' | 'failedAt'> {
  readonly seq: number;
  readonly status: DeadLetterStatus;
  readonly previousId: string | null;
  readonly orderId: string | null;
  readonly failedAt: Date;
  readonly updatedAt: Date;
}

/** As long as ours are; who puts a letter into its topic by hand may write more, which its headers show whole. */
const MAX_REASON_LENGTH = 1_000;

/**
 * The columns of a `LetterRow`, of the table or alias `dead_letters`. Where they are selected, `ORDER BY` has to name the
 * table's column: a bare `seq` is the one made here, for which there is no index.
 */
export const LETTER_COLUMNS = Prisma.sql`
  dead_letters.id, dead_letters.seq::float8 AS seq, dead_letters.status::text AS status, dead_letters.topic,
  dead_letters.partition, dead_letters.message_offset::text AS "offset", dead_letters.consumer_group AS "group",
  left(dead_letters.reason, ${MAX_REASON_LENGTH}) AS reason, dead_letters.tries, dead_letters.redrives AS "redrives",
  dead_letters.previous_id AS "previousId", dead_letters.order_id AS "orderId",
  dead_letters.failed_at AS "failedAt", dead_letters.updated_at AS "updatedAt"`;

/** The same, for the typed API. */
export const LETTER_SELECT = {
  id: true,
  seq: true,
  status: true,
  topic: true,
  partition: true,
  messageOffset: true,
  consumerGroup: true,
  reason: true,
  tries: true,
  redrives: true,
  previousId: true,
  orderId: true,
  failedAt: true,
  updatedAt: true,
} as const;

/** At most two units of UTF-16 make a character. */
const shortened = (reason: string): string =>
  Array.from(reason.slice(0, 2 * MAX_REASON_LENGTH))
    .slice(0, MAX_REASON_LENGTH)
    .join('');

/** What the typed API read, as the queries select it. */
export const rowOf = ({
  seq,
  topic,
  messageOffset,
  consumerGroup,
  reason,
  ...row
}: Pick<StoredLetter, keyof typeof LETTER_SELECT>): LetterRow => ({
  ...row,
  seq: Number(seq),
  topic: topic as Topic,
  offset: String(messageOffset),
  group: consumerGroup,
  reason: shortened(reason),
});

/** The status of letters that are looked up by their ids: as text, so that they are, and not by the index of statuses. */
export const STATUS = Prisma.sql`dead_letters.status::text`;

export const letterOf = (row: LetterRow): DeadLetter => ({
  letterId: row.id,
  status: row.status,
  topic: row.topic,
  partition: row.partition,
  offset: row.offset,
  group: row.group,
  reason: row.reason,
  tries: row.tries,
  redrives: row.redrives,
  ...(row.orderId === null ? {} : { orderId: row.orderId }),
  ...(row.previousId === null ? {} : { previousId: row.previousId }),
  failedAt: row.failedAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
