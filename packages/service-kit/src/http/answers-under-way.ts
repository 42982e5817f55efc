import type { FastifyReply } from 'fastify';

/** An answer under way, with what is known of it once it was looked at. */
export interface Answer<K> {
  readonly reply: FastifyReply;
  known: K | undefined;
  older: Answer<K> | undefined;
  newer: Answer<K> | undefined;
}

/** The answers under way. One costs no more than to be put down and taken out again. */
export interface AnswersUnderWay<K> {
  add(reply: FastifyReply): Answer<K>;
  /** Takes one out; nothing happens where it was taken out before. */
  remove(answer: Answer<K>): void;
  /** The oldest first; the one that is looked at may be removed. */
  all(): Iterable<Answer<K>>;
}

/**
 * A list, and no Map: each time that a Map has been filled and emptied V8 gives it a new table, to which the old one points, with
 * all that it held. Once garbage collection has found one of them old, each keeps the next one alive until all memory is gone
 * through, and with it every request. One that is taken out of the list points nowhere.
 */
export const createUnderWay = <K>(): AnswersUnderWay<K> => {
  let oldest: Answer<K> | undefined;
  let newest: Answer<K> | undefined;
  return {
    add: (reply) => {
      const answer: Answer<K> = { reply, known: undefined, older: newest, newer: undefined };
      if (newest) newest.newer = answer;
      else oldest = answer;
      newest = answer;
      return answer;
    },
    remove: (answer) => {
      const { older, newer } = answer;
      if (!older && oldest !== answer) return;
      if (older) older.newer = newer;
      else oldest = newer;
      if (newer) newer.older = older;
      else newest = older;
      answer.older = undefined;
      answer.newer = undefined;
    },
    all: function* () {
      for (let answer = oldest; answer;) {
        const next: Answer<K> | undefined = answer.newer;
        yield answer;
        answer = next;
      }
    },
  };
};
