import type {
  ActionName,
  ActionProof,
  Actor,
  DatabaseName,
  Input,
  OperatorAction,
  serviceActionsApi,
} from '@order-pipeline/contracts';
import { join, sqltag, type Sql } from '@prisma/client/runtime/client';
import { AppError } from './app-error.ts';
import type { RawSql } from './database/raw-sql.ts';
import type { CallContext } from './reply.ts';
import type { Runtime } from './runtime.ts';
import { timeOfDay } from './stored-time.ts';

/** A row of the table `operator_actions`, which each database has. */
export interface ActionRecord {
  readonly id: string;
  readonly at: string;
  readonly action: ActionName;
  readonly target: string;
  readonly by: string;
  readonly proof: ActionProof;
  readonly reason: string | null;
  readonly request_id: string;
}

/** What is done, to what, and why, as far as it was said. */
export interface ActedOn {
  readonly action: ActionName;
  readonly targets: readonly string[];
  readonly reason?: string | undefined;
  /** Who they say they are; counts only where no token says it. */
  readonly named?: string | undefined;
}

const SORTABLE_DIGITS = 12;
const CHANCE_BYTES = 6;

/** A time as ids begin with it, so that they sort by it; milliseconds since the epoch. */
export const sortableTime = (ms: number): string =>
  Math.max(0, ms).toString(16).padStart(SORTABLE_DIGITS, '0');

const isProved = ({ kind }: Actor): boolean => kind === 'token';

/** Who an actor is, as far as it is known: by a token, or as they say. */
export const nameOfOperator = (actor: Actor, named: string | undefined): string | undefined =>
  isProved(actor) ? actor.name : named;

/**
 * The same, where it has to be known.
 *
 * @throws AppError VALIDATION_FAILED where nothing says it
 */
export const requiredNameOfOperator = (actor: Actor, named: string | undefined): string => {
  const name = nameOfOperator(actor, named);
  if (name !== undefined) return name;
  const problem = { field: 'by', message: 'is missing: only an access token says who you are' };
  throw new AppError('VALIDATION_FAILED', `Bad input: ${problem.field} ${problem.message}`, {
    details: [problem],
  });
};

/**
 * What is to be recorded, to be stored by the statement that does it: one record a target. Nothing where nobody is known:
 * where access control is off, and they do not say who they are.
 */
export const recordsOf = (
  { actor, requestId }: Pick<CallContext, 'actor' | 'requestId'>,
  { action, targets, reason, named }: ActedOn,
  runtime: Pick<Runtime, 'wallClock' | 'hex'>,
): readonly ActionRecord[] => {
  const by = nameOfOperator(actor, named);
  if (by === undefined) return [];
  const at = timeOfDay(runtime);
  const time = sortableTime(Date.parse(at));
  const chance = runtime.hex(CHANCE_BYTES);
  return targets.map((target, index) => ({
    id: `${time}-${chance}-${index}`,
    at,
    action,
    target,
    by,
    proof: isProved(actor) ? 'TOKEN' : 'NAMED',
    reason: reason ?? null,
    request_id: requestId,
  }));
};

/** The records as rows of a `FROM`, with the columns of the table. */
export const actionRows = (records: readonly ActionRecord[]): Sql =>
  sqltag`json_populate_recordset(NULL::operator_actions, ${JSON.stringify(records)}::json)`;

type Search = Input<(typeof serviceActionsApi)['findOrdersActions']>['body'];

interface Row extends Omit<ActionRecord, 'at'> {
  readonly at: Date;
}

/** Only those that are asked for: a plan that is made for all of them would read the whole table. */
const conditionsOf = ({ action, by, target, before }: Omit<Search, 'limit'>): Sql[] => [
  sqltag`true`,
  ...(before === undefined ? [] : [sqltag`id < ${before}`]),
  ...(target === undefined ? [] : [sqltag`target = ${target}`]),
  ...(action === undefined ? [] : [sqltag`action = ${action}`]),
  ...(by === undefined ? [] : [sqltag`"by" = ${by}`]),
];

/** What operators did, of one database, newest first. */
export const findActions = async (
  sql: RawSql,
  service: DatabaseName,
  { limit, ...search }: Search,
): Promise<OperatorAction[]> => {
  const rows = await sql.$queryRaw<Row[]>`
    SELECT id, at, action, target, "by", proof, reason, request_id FROM operator_actions
    WHERE ${join(conditionsOf(search), ' AND ')}
    ORDER BY id DESC LIMIT ${limit}`;
  return rows.map(({ id, at, reason, request_id: requestId, ...row }) => ({
    ...row,
    actionId: id,
    at: at.toISOString(),
    service,
    ...(reason === null ? {} : { reason }),
    requestId,
  }));
};
