import type { RawMessage, ReadDeadLetter } from '@order-pipeline/messaging';
import { actionRows, isLockTimeout, type ActionRecord, type Runtime } from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import type { Database, Models, Sql } from '../store/sql.ts';
import { headersOf, storedHeaders, type StoredHeaders } from './content.ts';
import type { DeadLetterCommand } from './domain.ts';
import { LETTER_COLUMNS, STATUS, type LetterRow } from './rows.ts';

/** Longer than the longest publish, since the rows stay locked meanwhile. */
const TRANSACTION = { maxWait: 1_000, timeout: 15_000 };

/** PostgreSQL cannot store that character in a text. */
const storable = (text: string): string => text.replaceAll('\u0000', '');

/**
 * Stores a letter; one that is there already stays as it is.
 *
 * @param at ISO 8601
 * @returns whether it is new
 */
export const storeLetter = async (
  { deadLetter }: Models,
  {
    id,
    topic,
    partition,
    offset,
    group,
    reason,
    tries,
    redrives,
    previousId,
    orderId,
    failedAt,
  }: ReadDeadLetter,
  { key, value, headers }: RawMessage,
  at: string,
): Promise<boolean> => {
  const { count } = await deadLetter.createMany({
    data: {
      id,
      status: 'OPEN',
      topic,
      partition,
      messageOffset: BigInt(offset),
      consumerGroup: storable(group),
      reason: storable(reason),
      tries,
      redrives,
      previousId: previousId ?? null,
      orderId: orderId ?? null,
      failedAt: new Date(failedAt),
      receivedAt: at,
      updatedAt: at,
      key: key && Uint8Array.from(key),
      value: value && Uint8Array.from(value),
      headers: storedHeaders(headers),
    },
    skipDuplicates: true,
  });
  return count > 0;
};

/** What is done to letters, and what is recorded of it, for each of them. */
export interface Resolution {
  readonly command: DeadLetterCommand;
  readonly records: readonly ActionRecord[];
}

const STATUS_AFTER = { REDRIVE: 'REDRIVING', DISCARD: 'DISCARDED' } as const;

/**
 * Resolves those of the letters that are still open, and records who did it: compare and
 * set, in one statement, so that of two operators one gets each letter. They are locked by id, so that two requests
 * wait for one another and never in a circle. Where `skipLocked`, nobody is waited for.
 */
const resolveAll = (
  sql: Sql,
  ids: readonly string[],
  { command: { action, by, note, force }, records }: Resolution,
  at: string,
  skipLocked = false,
): Promise<LetterRow[]> => sql.$queryRaw<LetterRow[]>`
  WITH due AS (
    SELECT id FROM dead_letters WHERE id = ANY(${ids}::text[]) AND ${STATUS} = 'OPEN' ORDER BY id
    FOR UPDATE ${skipLocked ? Prisma.sql`SKIP LOCKED` : Prisma.empty}
  ), resolved AS (
    UPDATE dead_letters SET status = ${STATUS_AFTER[action]}::dead_letter_status,
      updated_at = GREATEST(updated_at, ${at}::timestamptz)
    FROM due WHERE dead_letters.id = due.id AND ${STATUS} = 'OPEN'
    RETURNING ${LETTER_COLUMNS}
  ), action AS (
    INSERT INTO dead_letter_actions (letter_id, action, "by", at, note, forced)
    SELECT id, ${action}, ${by}, "updatedAt", ${note ?? null}, ${force} FROM resolved
  ), recorded AS (
    INSERT INTO operator_actions SELECT record.* FROM ${actionRows(records)} AS record
    JOIN resolved ON resolved.id = record.target
  )
  SELECT * FROM resolved ORDER BY seq DESC`;

/**
 * Resolves those of the letters that are still open, and that nobody keeps locked.
 *
 * @param at ISO 8601
 * @returns the letters that were resolved, as they are now
 */
export const resolveLetters = async (
  sql: Sql,
  ids: readonly string[],
  resolution: Resolution,
  at: string,
): Promise<LetterRow[]> => {
  try {
    return await resolveAll(sql, ids, resolution, at);
  } catch (error) {
    if (ids.length < 2 || !isLockTimeout(error)) throw error;
    return resolveAll(sql, ids, resolution, at, true);
  }
};

/** A letter with its message as it came. */
export interface WholeLetter extends LetterRow {
  readonly raw: RawMessage;
}

/** What came of publishing letters: their ids. */
export interface Published {
  readonly sent: readonly string[];
  /** Those that Kafka will never take. */
  readonly refused: readonly string[];
}

interface WholeRow extends LetterRow {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: StoredHeaders;
}

const bufferOf = (bytes: Uint8Array | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes));

const wholeOf = ({ key, value, headers, ...row }: WholeRow): WholeLetter => ({
  ...row,
  raw: { key: bufferOf(key), value: bufferOf(value), headers: headersOf(headers) },
});

/** What Kafka refuses is open again, with the reason beside what the operator did. */
const record = async (sql: Sql, { sent, refused }: Published, at: string): Promise<void> => {
  await sql.$executeRaw`
    UPDATE dead_letters SET status = 'REDRIVEN', updated_at = GREATEST(updated_at, ${at}::timestamptz)
    WHERE id = ANY(${sent}::text[])`;
  if (refused.length === 0) return;
  await sql.$executeRaw`
    WITH refused AS (
      UPDATE dead_letters SET status = 'OPEN', updated_at = GREATEST(updated_at, ${at}::timestamptz)
      WHERE id = ANY(${refused}::text[]) RETURNING id, updated_at
    )
    INSERT INTO dead_letter_actions (letter_id, action, "by", at, note, forced)
    SELECT id, 'REFUSED', 'kafka', updated_at, 'too large for its topic', false FROM refused`;
};

/**
 * Takes the oldest `limit` letters to redrive that nobody else has locked, publishes them, and only then
 * records that. A crash in between has them published once more, and never has one forgotten.
 *
 * @param at ISO 8601
 * @returns how many there were
 */
export const redriveNext = (
  database: Database,
  runtime: Pick<Runtime, 'failpoint'>,
  { limit, at }: { readonly limit: number; readonly at: () => string },
  publish: (letters: readonly WholeLetter[]) => Promise<Published>,
): Promise<number> =>
  database.$transaction(async (sql) => {
    const rows = await sql.$queryRaw<WholeRow[]>`
      SELECT ${LETTER_COLUMNS}, key, value, headers FROM dead_letters
      WHERE status = 'REDRIVING' ORDER BY dead_letters.seq LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
    if (rows.length === 0) return 0;
    await runtime.failpoint('orders.afterRedriveBeforePublish');
    const published = await publish(rows.map(wholeOf));
    await runtime.failpoint('orders.afterRedrivePublishBeforeRecord');
    await record(sql, published, at());
    return rows.length;
  }, TRANSACTION);
