import { operatorApi, type LetterFilter, type LetterResult } from '@order-pipeline/contracts';
import {
  cursorOf,
  ok,
  pageHeaders,
  pageOf,
  pageRequest,
  refuse,
  routesOf,
  type CallContext,
  type Reply,
  type Route,
} from '@order-pipeline/service-kit';
import { headersForPeople, contentOf, valueOf } from './content.ts';
import { isWornOut, objectionTo, select, type Intention } from './domain.ts';
import { letterOf } from './rows.ts';
import type { LetterStore } from './store.ts';

export interface DeadLetterParts {
  readonly store: LetterStore;
  /** Called when there is something new to be sent back. */
  readonly wakeSending: () => void;
}

const letterNotFound = (letterId: string) =>
  refuse('DEAD_LETTER_NOT_FOUND', `There is no dead letter ${letterId}`);

const WORDS = {
  SEND_BACK: 'an operator sends a dead letter back',
  DISCARD: 'an operator discards a dead letter',
};

/** Does it to those that are still open, and says so: one line a letter. */
const work = async (
  { store, wakeSending }: DeadLetterParts,
  ids: readonly string[],
  intention: Intention,
  { logger }: CallContext,
) => {
  const rows = await store.work(ids, intention);
  for (const { id, topic, orderId, status } of rows) {
    const { by, note, force } = intention;
    logger.info({ letterId: id, topic, orderId, status, by, note, force }, WORDS[intention.action]);
  }
  if (intention.action === 'SEND_BACK' && rows.length > 0) wakeSending();
  return rows;
};

/** What an operator asks of one letter. */
const workOne = async (
  parts: DeadLetterParts,
  letterId: string,
  { dryRun, ...intention }: Intention & { readonly dryRun: boolean },
  call: CallContext,
): Promise<Reply<LetterResult>> => {
  const row = await parts.store.find(letterId);
  if (!row) return letterNotFound(letterId);
  const objection = row.status === 'OPEN' ? objectionTo(row, intention) : undefined;
  if (objection !== undefined) return refuse('SENT_BACK_TOO_OFTEN', objection);
  const open = row.status === 'OPEN' ? [row] : [];
  const force = intention.force && isWornOut(row);
  const worked = dryRun
    ? open
    : await work(
        parts,
        open.map(({ id }) => id),
        { ...intention, force },
        call,
      );
  if (worked.length > 0) return ok({ dryRun, letters: worked.map(letterOf), leftOut: [] });
  const { status } = (await parts.store.find(letterId)) ?? row;
  return refuse('DEAD_LETTER_WORKED', `The dead letter ${letterId} was worked already: it is ${status}`);
};

interface BatchRequest {
  readonly filter: LetterFilter;
  readonly dryRun: boolean;
  readonly page: { readonly limit?: number; readonly cursor?: string };
}

/**
 * What an operator asks of all open letters of a filter, a page at a time. Pages go from new to old, so what dies again
 * meanwhile is on none of the next ones.
 */
const workMany = async (
  parts: DeadLetterParts,
  { filter, dryRun, page }: BatchRequest,
  intention: Intention,
  call: CallContext,
): Promise<Reply<LetterResult>> => {
  const request = pageRequest(page);
  const { rows, next } = pageOf(
    await parts.store.list(request, { ...filter, status: 'OPEN' }),
    request.limit,
  );
  const { due, leftOut } = select(
    rows.map((row) => ({ ...row, letterId: row.id })),
    intention,
  );
  const worked = dryRun
    ? due
    : await work(
        parts,
        due.map(({ id }) => id),
        intention,
        call,
      );
  const done = new Set(worked.map(({ id }) => id));
  const late = due
    .filter(({ id }) => !done.has(id))
    .map(({ id }) => ({ letterId: id, why: 'Somebody else has worked it meanwhile, or keeps it locked' }));
  return ok({
    dryRun,
    letters: worked.map(letterOf),
    leftOut: [...leftOut, ...late],
    ...(next === undefined ? {} : { nextCursor: cursorOf(next) }),
  });
};

/** What operators ask. */
export const createDeadLetterRoutes = (parts: DeadLetterParts): Route[] =>
  routesOf(operatorApi, {
    listDeadLetters: async ({ query }) => {
      const { limit: _, cursor: __, ...search } = query;
      const request = pageRequest(query);
      const { rows, next } = pageOf(await parts.store.list(request, search), request.limit);
      return ok(rows.map(letterOf), pageHeaders(operatorApi.listDeadLetters.path, query, next));
    },

    getDeadLetter: async ({ params: { letterId } }) => {
      const row = await parts.store.find(letterId);
      const contents = row && (await parts.store.readContents(letterId));
      if (!contents) return letterNotFound(letterId);
      const { key, value, headers, ...history } = contents;
      const shown = { key: contentOf(key), value: valueOf(value), headers: headersForPeople(headers) };
      return ok({ ...letterOf(row), ...shown, ...history });
    },

    sendBackDeadLetter: ({ params: { letterId }, body: { dryRun = false, force = false, ...who } }, call) =>
      workOne(parts, letterId, { ...who, action: 'SEND_BACK', force, dryRun }, call),

    sendBackDeadLetters: ({ body: { filter, dryRun = false, limit, cursor, ...who } }, call) =>
      workMany(
        parts,
        { filter, dryRun, page: pageIn(limit, cursor) },
        { ...who, action: 'SEND_BACK', force: false },
        call,
      ),

    discardDeadLetter: ({ params: { letterId }, body: { dryRun = false, ...who } }, call) =>
      workOne(parts, letterId, { ...who, action: 'DISCARD', force: false, dryRun }, call),

    discardDeadLetters: ({ body: { filter, dryRun = false, limit, cursor, ...who } }, call) =>
      workMany(
        parts,
        { filter, dryRun, page: pageIn(limit, cursor) },
        { ...who, action: 'DISCARD', force: false },
        call,
      ),
  });

const pageIn = (limit: number | undefined, cursor: string | undefined): BatchRequest['page'] => ({
  ...(limit === undefined ? {} : { limit }),
  ...(cursor === undefined ? {} : { cursor }),
});
