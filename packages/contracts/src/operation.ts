import { Type, type Static, type TArray, type TObject, type TSchema } from 'typebox';
import type { Access } from './access.ts';
import { BODY_LIMIT_BYTES } from './body-limits.ts';
import type { ErrorCode } from './errors.ts';
import { MAX_BATCH, Strict } from './schemas.ts';
import type { ServiceName } from './service-names.ts';

/**
 * One thing that a service can be asked over HTTP. Routes, clients, validation and the OpenAPI document all come from
 * these, so they cannot disagree.
 */
export interface Operation {
  /** The service that answers it. */
  readonly owner: ServiceName;
  readonly method: 'GET' | 'POST';
  /** The path with `:name` for parameters. Those under `/api` are public. */
  readonly path: string;
  /** A verb and what it is done to, in a few words, as a heading. */
  readonly summary: string;
  /** What the summary leaves out, in sentences. */
  readonly description?: string;
  /** Who may ask it. There is no default: an operation without it does not compile. */
  readonly access: Access;
  readonly params?: TObject;
  readonly query?: TObject;
  /** Headers that it takes, by their names in small letters. */
  readonly headers?: TObject;
  readonly body?: TObject;
  /** The largest body that is read; every operation with a body has one. */
  readonly bodyLimitBytes?: number;
  readonly status: 200 | 201;
  readonly reply: TSchema;
  /** The codes of the refusals that belong to this operation; those that every operation has are not repeated. */
  readonly errors: readonly ErrorCode[];
  /** Whether asking twice has the effect of asking once, so that a lost connection may be answered by asking again. */
  readonly idempotent: boolean;
  readonly exampleBody?: unknown;
  readonly exampleReply?: unknown;
  /** It answers with Server-Sent Events, whose data is `reply` as JSON; the example is the text of the stream. */
  readonly streams?: true;
  /** The list that it answers is paged by a `Link` header. */
  readonly paged?: true;
  /** Headers of its reply beside those that every reply has, by their names in small letters, with their meaning. */
  readonly replyHeaders?: Readonly<Record<string, string>>;
  /** Statuses below 400 that it may answer instead of `status`, without a body, with their meaning. */
  readonly emptyReplies?: Readonly<Record<number, string>>;
}

type PartName = 'params' | 'query' | 'headers' | 'body';

/** A part that the operation declares; left out where it declares none, and anything where it is any operation. */
type Part<O extends Operation, K extends PartName> = O[K] extends TSchema
  ? { readonly [P in K]: Static<O[K]> }
  : { readonly [P in K]?: Operation extends O ? unknown : undefined };

/** What an operation is asked with: the parts that it declares, headers only where the caller has some to give. */
export type Input<O extends Operation> = Part<O, 'params'> &
  Part<O, 'query'> &
  Part<O, 'body'> & { readonly [P in keyof Part<O, 'headers'>]?: Part<O, 'headers'>[P] | undefined };

/** What an operation answers when it is not refused. */
export type Output<O extends Operation> = Static<O['reply']>;

/** The largest body that an operation reads, in bytes. */
export const bodyLimitOf = ({ bodyLimitBytes }: Operation): number => bodyLimitBytes ?? BODY_LIMIT_BYTES.none;

/** Declares an operation, keeping the exact types of its schemas. */
export const defineOperation = <const O extends Operation>(operation: O): O => operation;

/** What operations have in common that only read. */
export const READ = { method: 'GET', status: 200, idempotent: true } as const;

/** What operations have in common with which operators look at something. */
export const OPERATORS_READ = { ...READ, access: { kind: 'scope', scope: 'ops:read' } } as const;

/**
 * What operations have in common with which one service asks another: safe to repeat, and with a result for each of the
 * batch instead of errors of their own.
 *
 * @param callers the services that may ask
 */
export const serviceCall = <const C extends readonly ServiceName[]>(...callers: C) =>
  ({
    method: 'POST',
    access: { kind: 'services', callers },
    status: 200,
    errors: [],
    idempotent: true,
  }) as const;

/**
 * The body of a call about many things at once: an array of them under a name.
 *
 * @param max the most that one call carries
 */
export const batchOf = <N extends string, T extends TSchema>(name: N, item: T, max = MAX_BATCH) => {
  const properties = { [name]: Type.Array(item, { maxItems: max }) } as { readonly [K in N]: TArray<T> };
  return { body: Strict(properties), bodyLimitBytes: BODY_LIMIT_BYTES.batch };
};
