/** What a token may allow. */
export const SCOPES = [
  'users:write',
  'users:write.any',
  'users:read.any',
  'catalog:write',
  'orders:write',
  'orders:write.any',
  'orders:read.any',
  'orders:cancel.any',
  'ops:read',
  'ops:write',
] as const;

export type Scope = (typeof SCOPES)[number];

/** The scopes that an operator with the OPERATOR_TOKEN has. */
export const OPERATOR_SCOPES: readonly Scope[] = ['ops:read', 'ops:write'];

/**
 * Who asks. `token`: a verified token says so. `operator`: the OPERATOR_TOKEN, which proves no name. `anybody`: access
 * control is off. `service`: a service on its own account. `nobody`: not known; gets nothing.
 */
export interface Actor {
  readonly kind: 'token' | 'operator' | 'anybody' | 'service' | 'nobody';
  /** For logs and for what is recorded of who did what. */
  readonly name: string;
  /** The user whose rows are the actor's own. */
  readonly userId?: string;
  readonly scopes: readonly Scope[];
}

/** Everybody, where access control is off. */
export const ANYBODY: Actor = { kind: 'anybody', name: 'anybody', scopes: SCOPES };

/** One of whom nothing is known where it has to be. */
export const NOBODY: Actor = { kind: 'nobody', name: 'nobody', scopes: [] };

/** A service that asks by itself: at its start, or for work that no request waits for. */
export const serviceActor = (name: string): Actor => ({ kind: 'service', name, scopes: SCOPES });

/** The header in which a service passes the actor on; from outside it is never read. */
export const ACTOR_HEADER = 'x-actor';

/** The longest text of an actor. */
export const MAX_ACTOR_LENGTH = 4_096;
