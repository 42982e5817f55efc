import { failures } from './failures.ts';

/** What a server that runs and answers does not take for a while. */
export type Condition = 'read-only' | 'disk full' | 'too many connections';

const WRITES = /\b(?:INSERT|DELETE|(?<!\bFOR |\bFOR NO KEY )UPDATE)\b/i;
/** A lock of a row is written to the row. */
const LOCKS = /\bFOR (?:NO KEY UPDATE|UPDATE|KEY SHARE|SHARE)\b/i;

/** What the server refuses a statement with under these conditions; nothing when it carries it out. */
export const refusalOf = (conditions: ReadonlySet<Condition>, text: string): Error | undefined => {
  const word = WRITES.exec(text)?.[0] ?? LOCKS.exec(text)?.[0].replace('FOR', 'SELECT FOR');
  if (conditions.has('read-only') && word !== undefined) return failures.readOnly(word.toUpperCase());
  return conditions.has('disk full') && WRITES.test(text) ? failures.diskFull() : undefined;
};
