import type { DeadLetterStatus, LetterAction, LetterFilter } from '@order-pipeline/contracts';
import { readPage, type Page, type PageRequest } from '@order-pipeline/service-kit';
import { Prisma, type DeadLetterAction } from '../generated/client.ts';
import type { Models, Sql } from '../store/sql.ts';
import type { StoredHeaders } from './content.ts';
import { LETTER_COLUMNS, LETTER_SELECT, rowOf, type LetterRow } from './rows.ts';

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

export const findLetter = async ({ deadLetter }: Models, id: string): Promise<LetterRow | undefined> => {
  const row = await deadLetter.findUnique({ where: { id }, select: LETTER_SELECT });
  return row ? rowOf(row) : undefined;
};

/** What a letter's message holds, what was done with it, and what it became. */
export interface LetterContents {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: StoredHeaders;
  readonly actions: LetterAction[];
  readonly cameBackAs: string[];
}

/** The ids of the letters that the letter with this id became, oldest first. */
const readNext = async ({ deadLetter }: Models, id: string): Promise<string[]> => {
  const where = { previousId: id };
  const rows = await deadLetter.findMany({ where, select: { id: true }, orderBy: { seq: 'asc' } });
  return rows.map((letter) => letter.id);
};

const actionOf = ({
  action,
  at,
  note,
  ...row
}: Pick<DeadLetterAction, keyof typeof ACTION_SELECT>): LetterAction => ({
  ...row,
  action: action as LetterAction['action'],
  at: at.toISOString(),
  ...(note === null ? {} : { note }),
});

const ACTION_SELECT = { action: true, by: true, at: true, note: true, forced: true } as const;

/** What the letter with this id holds; nothing for an unknown one. */
export const readContents = async (models: Models, id: string): Promise<LetterContents | undefined> => {
  const row = await models.deadLetter.findUnique({
    where: { id },
    select: {
      key: true,
      value: true,
      headers: true,
      actions: { select: ACTION_SELECT, orderBy: { id: 'asc' } },
    },
  });
  if (!row) return undefined;
  const { key, value, headers, actions } = row;
  return {
    key,
    value,
    headers: headers as unknown as StoredHeaders,
    actions: actions.map(actionOf),
    cameBackAs: await readNext(models, id),
  };
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
