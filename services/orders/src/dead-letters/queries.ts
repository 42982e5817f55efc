import type { DeadLetterStatus, LetterAction, LetterFilter } from '@order-pipeline/contracts';
import { readPage, type Page, type PageRequest } from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import type { Sql } from '../store/sql.ts';
import type { StoredHeaders } from './content.ts';
import { LETTER_COLUMNS, type LetterRow } from './rows.ts';

export interface LetterSearch extends LetterFilter {
  readonly status?: DeadLetterStatus;
}

const conditionsOf = (
  { status, topic, group, reason, orderId }: LetterSearch,
  before: number | undefined,
): Prisma.Sql[] => [
  Prisma.sql`true`,
  ...(status === undefined ? [] : [Prisma.sql`status = ${status}::dead_letter_status`]),
  ...(topic === undefined ? [] : [Prisma.sql`topic = ${topic}`]),
  ...(group === undefined ? [] : [Prisma.sql`consumer_group = ${group}`]),
  ...(reason === undefined ? [] : [Prisma.sql`position(lower(${reason}) in lower(reason)) > 0`]),
  ...(orderId === undefined ? [] : [Prisma.sql`order_id = ${orderId}`]),
  ...(before === undefined ? [] : [Prisma.sql`seq < ${before}::bigint`]),
];

/** What a letter takes in JSON beside its texts, about. */
const LETTER_BYTES = 320;

const bytesOf = ({ reason, group, orderId }: LetterRow): number =>
  Buffer.byteLength(reason) + Buffer.byteLength(group) + (orderId ?? '').length + LETTER_BYTES;

/** A page of letters, newest first. */
export const listLetters = (sql: Sql, request: PageRequest, search: LetterSearch): Promise<Page<LetterRow>> =>
  readPage(
    request,
    ({ limit, before }) => sql.$queryRaw<LetterRow[]>`
      SELECT ${LETTER_COLUMNS} FROM dead_letters WHERE ${Prisma.join(conditionsOf(search, before), ' AND ')}
      ORDER BY dead_letters.seq DESC LIMIT ${limit}`,
    bytesOf,
  );

export const findLetter = async (sql: Sql, id: string): Promise<LetterRow | undefined> => {
  const [row] = await sql.$queryRaw<LetterRow[]>`SELECT ${LETTER_COLUMNS} FROM dead_letters WHERE id = ${id}`;
  return row;
};

/** What a letter's message holds, what was done with it, and what it became. */
export interface LetterContents {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: StoredHeaders;
  readonly actions: LetterAction[];
  readonly cameBackAs: string[];
}

const readActions = async (sql: Sql, id: string): Promise<LetterAction[]> => {
  type Row = Omit<LetterAction, 'at' | 'note'> & { readonly at: Date; readonly note: string | null };
  const rows = await sql.$queryRaw<Row[]>`
    SELECT action, "by", at, note, forced FROM dead_letter_actions
    WHERE letter_id = ${id} ORDER BY dead_letter_actions.id`;
  return rows.map(({ at, note, ...row }) => ({
    ...row,
    at: at.toISOString(),
    ...(note === null ? {} : { note }),
  }));
};

/** The ids of the letters that the letter with this id became, oldest first. */
export const readNext = async (sql: Sql, id: string): Promise<string[]> => {
  const rows = await sql.$queryRaw<{ id: string }[]>`
    SELECT id FROM dead_letters WHERE previous_id = ${id} ORDER BY seq`;
  return rows.map((letter) => letter.id);
};

/** What the letter with this id holds; nothing for an unknown one. */
export const readContents = async (sql: Sql, id: string): Promise<LetterContents | undefined> => {
  const [row] = await sql.$queryRaw<Pick<LetterContents, 'key' | 'value' | 'headers'>[]>`
    SELECT key, value, headers FROM dead_letters WHERE id = ${id}`;
  if (!row) return undefined;
  return { ...row, actions: await readActions(sql, id), cameBackAs: await readNext(sql, id) };
};

/** How many letters of a topic and group are counted at the most. */
export const MAX_COUNTED = 10_000;

/**
 * How many letters wait for a decision, of each topic and group `MAX_COUNTED` at the most. The topics and groups are
 * found by leaping from one to the next, so that it costs no more when more letters wait than are counted.
 */
export const countOpen = (
  sql: Sql,
): Promise<{ readonly topic: string; readonly group: string; readonly letters: number }[]> => sql.$queryRaw`
  WITH RECURSIVE kind AS (
    (SELECT topic, consumer_group FROM dead_letters WHERE status = 'OPEN' ORDER BY topic, consumer_group LIMIT 1)
    UNION ALL
    SELECT next.* FROM kind CROSS JOIN LATERAL (
      SELECT letter.topic, letter.consumer_group FROM dead_letters letter
      WHERE letter.status = 'OPEN' AND (letter.topic, letter.consumer_group) > (kind.topic, kind.consumer_group)
      ORDER BY letter.topic, letter.consumer_group LIMIT 1
    ) AS next
  )
  SELECT topic, consumer_group AS "group", counted.letters FROM kind CROSS JOIN LATERAL (
    SELECT count(*)::float8 AS letters FROM (
      SELECT FROM dead_letters letter
      WHERE letter.status = 'OPEN' AND letter.topic = kind.topic AND letter.consumer_group = kind.consumer_group
      LIMIT ${MAX_COUNTED}
    ) AS letter
  ) AS counted`;
