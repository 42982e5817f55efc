import { ANYBODY, MAX_ACTOR_LENGTH, NOBODY, SCOPES, type Actor } from '@order-pipeline/contracts';

/** The text of whom most requests come from where access control is off; no JSON in base64 begins like it. */
const ANYBODY_TEXT = 'anybody';
/** So many texts are remembered; then they are read anew. */
const MAX_REMEMBERED = 1_000;

const texts = new WeakMap<Actor, string>([[ANYBODY, ANYBODY_TEXT]]);
const actors = new Map<string, Actor>();

const write = ({ kind, name, userId, scopes }: Actor): string =>
  Buffer.from(JSON.stringify({ kind, name, userId, scopes })).toString('base64url');

/** An actor as one service passes it to another: in a header, or in a call among others. */
export const actorText = (actor: Actor): string => {
  const known = texts.get(actor);
  if (known !== undefined) return known;
  const text = write(actor);
  texts.set(actor, text);
  return text;
};

const KINDS: readonly unknown[] = ['token', 'operator', 'service'] satisfies Actor['kind'][];

const read = (text: string): Actor => {
  const { kind, name, userId, scopes } = JSON.parse(Buffer.from(text, 'base64url').toString()) as Actor;
  if (!KINDS.includes(kind) || typeof name !== 'string') return NOBODY;
  return {
    kind,
    name,
    ...(typeof userId === 'string' ? { userId } : {}),
    scopes: SCOPES.filter((scope) => scopes.includes(scope)),
  };
};

const readOrNobody = (text: string): Actor => {
  try {
    return text.length > MAX_ACTOR_LENGTH ? NOBODY : read(text);
  } catch {
    return NOBODY;
  }
};

/** The actor of a text; what cannot be read is nobody, who gets nothing. */
export const readActor = (text: string): Actor => {
  if (text === ANYBODY_TEXT) return ANYBODY;
  const known = actors.get(text);
  if (known) return known;
  const actor = readOrNobody(text);
  if (actors.size >= MAX_REMEMBERED) actors.clear();
  actors.set(text, actor);
  return actor;
};
