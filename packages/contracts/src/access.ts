import type { Actor, Scope } from './actor.ts';
import type { ServiceName } from './service-names.ts';

/** What is answered to one who asks for somebody else's without the scope for any. */
export type ForeignAnswer =
  /** 403: what is asked for names its owner itself. */
  | 'FORBIDDEN'
  /** 404, as if it were not there. */
  | 'NOT_FOUND'
  /** A list has only what is the caller's own. */
  | 'NARROWED';

/** A user asks for what is their own; who has the scope `any`, for anybody's. */
export interface OwnAccess {
  readonly kind: 'own';
  /** What a user needs beside being the owner. */
  readonly scope?: Scope;
  readonly any: Scope;
  readonly foreign: ForeignAnswer;
}

/** Anyone with the scope. */
export interface ScopeAccess {
  readonly kind: 'scope';
  readonly scope: Scope;
}

/** Any caller with a valid token; some fields of the answer only with one of their scopes. */
export interface AuthenticatedAccess {
  readonly kind: 'authenticated';
  readonly fields?: Readonly<Record<string, readonly Scope[]>>;
}

/** Only these services, of one another: no client, whatever it has. */
export interface ServicesAccess {
  readonly kind: 'services';
  readonly callers: readonly [ServiceName, ...ServiceName[]];
}

/** Who may ask an operation. The gateway, the owning service and the documents derive from it. */
export type Access = OwnAccess | ScopeAccess | AuthenticatedAccess | ServicesAccess;

/** What an actor gets of an operation: all of it, what is their own, or nothing. */
export type Grant = 'ANY' | 'OWN' | 'NONE';

const has = ({ scopes }: Actor, scope: Scope): boolean => scopes.includes(scope);

const grantOfOwn = ({ scope, any }: OwnAccess, actor: Actor): Grant => {
  if (has(actor, any)) return 'ANY';
  return actor.userId !== undefined && (scope === undefined || has(actor, scope)) ? 'OWN' : 'NONE';
};

/** Decides by the table alone; whose the row is, only the owning service knows. */
export const grantOf = (access: Access, actor: Actor): Grant => {
  switch (access.kind) {
    case 'own':
      return grantOfOwn(access, actor);
    case 'scope':
      return has(actor, access.scope) ? 'ANY' : 'NONE';
    case 'authenticated':
      return actor.kind === 'nobody' ? 'NONE' : 'ANY';
    case 'services':
      // Who may call is decided by the connection, not by whom the caller acts for.
      return 'ANY';
  }
};

/** The user whose rows alone the actor gets; nothing where they get everybody's. */
export const ownerFor = (access: Access, actor: Actor): string | undefined =>
  grantOf(access, actor) === 'ANY' ? undefined : (actor.userId ?? '');

/** Whether the actor gets a field of the answer that not everybody gets. */
export const maySeeField = ({ fields }: AuthenticatedAccess, field: string, actor: Actor): boolean =>
  fields?.[field]?.some((scope) => has(actor, scope)) !== false;
