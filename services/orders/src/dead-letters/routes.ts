import { operatorApi, type LetterFilter, type LetterResult } from '@order-pipeline/contracts';
import {
  cursorOf,
  ok,
  pageHeaders,
  pageRequest,
  recordsOf,
  refuse,
  requiredNameOfOperator,
  routesOf,
  type CallContext,
  type Reply,
  type Route,
  type Runtime,
} from '@order-pipeline/service-kit';
import { headersForPeople, contentOf, valueOf } from './content.ts';
import { hasReachedRedriveLimit, rejectionOf, select, type DeadLetterCommand } from './domain.ts';
import { letterOf } from './rows.ts';
import type { LetterStore } from './store.ts';

export interface DeadLetterParts {
  readonly store: LetterStore;
  readonly runtime: Pick<Runtime, 'wallClock' | 'hex'>;
  /** Called when there is something new to redrive. */
  readonly wakeRedrive: () => void;
}

const letterNotFound = (letterId: string) =>
  refuse('DEAD_LETTER_NOT_FOUND', `There is no dead letter ${letterId}`);

const EVENTS = {
  REDRIVE: 'operator redrives a dead letter',
  DISCARD: 'operator discards a dead letter',
};

/** Resolves those that are still open, and logs a line for each. */
const resolve = async (
  { store, wakeRedrive, runtime }: DeadLetterParts,
  ids: readonly string[],
  command: DeadLetterCommand,
  call: CallContext,
) => {
  const { action, by: named, note: reason } = command;
  const records = recordsOf(call, { action: `${action}_DEAD_LETTER`, targets: ids, reason, named }, runtime);
  const rows = await store.resolve(ids, { command, records });
  for (const { id, topic, orderId, status } of rows) {
    const { by, note, force } = command;
    call.logger.info({ letterId: id, topic, orderId, status, by, note, force }, EVENTS[command.action]);
  }
  if (command.action === 'REDRIVE' && rows.length > 0) wakeRedrive();
  return rows;
};

/** What an operator asks of one letter. */
const resolveOne = async (
  parts: DeadLetterParts,
  letterId: string,
  { dryRun, ...command }: DeadLetterCommand & { readonly dryRun: boolean },
  call: CallContext,
): Promise<Reply<LetterResult>> => {
  const row = await parts.store.find(letterId);
  if (!row) return letterNotFound(letterId);
  const rejection = row.status === 'OPEN' ? rejectionOf(row, command) : undefined;
  if (rejection !== undefined) return refuse('REDRIVE_LIMIT_REACHED', rejection);
  const open = row.status === 'OPEN' ? [row] : [];
  const force = command.force && hasReachedRedriveLimit(row);
  const resolved = dryRun
    ? open
    : await resolve(
        parts,
        open.map(({ id }) => id),
        { ...command, force },
        call,
      );
  if (resolved.length > 0) return ok({ dryRun, letters: resolved.map(letterOf), leftOut: [] });
  const { status } = (await parts.store.find(letterId)) ?? row;
  return refuse('DEAD_LETTER_RESOLVED', `The dead letter ${letterId} is already resolved: ${status}`);
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
const resolveMany = async (
  parts: DeadLetterParts,
  { filter, dryRun, page }: BatchRequest,
  command: DeadLetterCommand,
  call: CallContext,
): Promise<Reply<LetterResult>> => {
  const { rows, next } = await parts.store.listOpen(pageRequest(page), filter);
  const { due, leftOut } = select(
    rows.map((row) => ({ ...row, letterId: row.id })),
    command,
  );
  const resolved = dryRun
    ? due
    : await resolve(
        parts,
        due.map(({ id }) => id),
        command,
        call,
      );
  const done = new Set(resolved.map(({ id }) => id));
  const late = due
    .filter(({ id }) => !done.has(id))
    .map(({ id }) => ({ letterId: id, why: 'Somebody else resolved it meanwhile, or keeps it locked' }));
  return ok({
    dryRun,
    letters: resolved.map(letterOf),
    leftOut: [...leftOut, ...late],
    ...(next === undefined ? {} : { nextCursor: cursorOf(next) }),
  });
};

/** Who does it: of whom the token is, whatever the body says. */
const byWhom = <B extends { readonly by?: string }>(body: B, { actor }: CallContext) => ({
  ...body,
  by: requiredNameOfOperator(actor, body.by),
});

/** What operators ask. */
export const createDeadLetterRoutes = (parts: DeadLetterParts): Route[] =>
  routesOf(operatorApi, {
    listDeadLetters: async ({ query }, { signal }) => {
      const { limit: _, cursor: __, ...search } = query;
      const { rows, next } = await parts.store.list(pageRequest(query), search, signal);
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

    redriveDeadLetter: async (
      { params: { letterId }, body: { dryRun = false, force = false, ...who } },
      call,
    ) => resolveOne(parts, letterId, { ...byWhom(who, call), action: 'REDRIVE', force, dryRun }, call),

    redriveDeadLetters: async ({ body: { filter, dryRun = false, limit, cursor, ...who } }, call) =>
      resolveMany(
        parts,
        { filter, dryRun, page: pageIn(limit, cursor) },
        { ...byWhom(who, call), action: 'REDRIVE', force: false },
        call,
      ),

    discardDeadLetter: async ({ params: { letterId }, body: { dryRun = false, ...who } }, call) =>
      resolveOne(parts, letterId, { ...byWhom(who, call), action: 'DISCARD', force: false, dryRun }, call),

    discardDeadLetters: async ({ body: { filter, dryRun = false, limit, cursor, ...who } }, call) =>
      resolveMany(
        parts,
        { filter, dryRun, page: pageIn(limit, cursor) },
        { ...byWhom(who, call), action: 'DISCARD', force: false },
        call,
      ),
  });

const pageIn = (limit: number | undefined, cursor: string | undefined): BatchRequest['page'] => ({
  ...(limit === undefined ? {} : { limit }),
  ...(cursor === undefined ? {} : { cursor }),
});
