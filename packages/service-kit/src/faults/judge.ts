import { rulingOfKafka } from './kafka.ts';
import { rulingOfNode } from './node.ts';
import { rulingOfPgMessage, rulingOfSqlstate } from './postgres.ts';
import { ADAPTER_KINDS, rulingOfPrismaCode } from './prisma.ts';
import { rulingOfUndici } from './undici.ts';
import { rulingIn, type Ruling, type Verdict } from './verdict.ts';

type Link = Readonly<Record<string, unknown>>;

const linksOf = (error: object): unknown[] => {
  const { cause, meta, errors } = error as {
    cause?: unknown;
    meta?: { driverAdapterError?: unknown };
    errors?: unknown;
  };
  return [cause, meta?.driverAdapterError, ...(Array.isArray(errors) ? errors : [])];
};

const MAX_LINKS = 20;

/** The error and everything that it names as its cause, from the outside inwards. */
export const chainOf = (error: unknown): Link[] => {
  const chain: Link[] = [];
  const open = [error];
  while (open.length > 0 && chain.length < MAX_LINKS) {
    const next = open.shift();
    if (typeof next !== 'object' || next === null || chain.includes(next as Link)) continue;
    chain.push(next as Link);
    open.push(...linksOf(next));
  }
  return chain;
};

const PRISMA_CODE = /^P[1-9]\d{3}$/;

/** Prisma's typed API copies the code of an error that no adapter has wrapped, and nothing else of it. */
const isCopied = ({ name, code }: Link): boolean =>
  name === 'PrismaClientKnownRequestError' && !PRISMA_CODE.test(String(code));

/** The adapter hands a server's error on as plain fields; `severity` marks one as PostgreSQL sent it. */
const rulingOfServer = (link: Link): Ruling | undefined =>
  rulingOfSqlstate(link['originalCode']) ??
  (link['severity'] !== undefined || link['kind'] === 'postgres' || isCopied(link)
    ? rulingOfSqlstate(link['code'])
    : undefined) ??
  rulingIn(ADAPTER_KINDS, link['kind']);

const isClient = ({ name }: Link): boolean => name === 'Error' || name === 'error';

const rulingsOf = (link: Link): Ruling[] =>
  [
    rulingOfServer(link),
    rulingOfPrismaCode(link['code']),
    rulingOfUndici(link),
    rulingOfKafka(link),
    rulingOfNode(link),
    isClient(link) ? rulingOfPgMessage(link['message']) : undefined,
  ].filter((ruling) => ruling !== undefined);

/** What the error of a dependency comes to. */
export interface Judgement {
  readonly verdict: Verdict;
  /** Whether what met it, a connection or a producer, is to be replaced before the next try. */
  readonly renew: boolean;
}

/**
 * Judges an error of a dependency by what it and its causes say, with the tables beside this file. Of several words the
 * innermost that refuses counts, then one that is transient: what wraps an error knows less than the error.
 *
 * @returns nothing for what no table knows: an exception of our own
 */
export const judge = (error: unknown): Judgement | undefined => {
  const rulings = chainOf(error).flatMap(rulingsOf);
  const verdict = (['refused', 'transient', 'bug'] as const).find((each) =>
    rulings.some((ruling) => ruling.verdict === each),
  );
  return verdict && { verdict, renew: rulings.some(({ renew }) => renew === true) };
};

/** What an error says at its innermost: a sentence, and the code where there is one. */
export const causeOf = (error: unknown): { readonly reason: string; readonly code?: string } => {
  const chain = chainOf(error);
  // The adapter puts what the server said under a name of its own.
  const texts = chain.flatMap(({ message, originalMessage }) => [message, originalMessage]);
  const said = texts.findLast((text): text is string => typeof text === 'string' && text !== '');
  const code = chain
    .flatMap(({ code: own, originalCode, type }) => [originalCode, own, type])
    .findLast((each) => typeof each === 'string');
  const reason = said ?? code ?? String(error);
  return {
    reason: reason.split('\n', 1)[0] ?? '',
    ...(code === undefined ? {} : { code }),
  };
};
