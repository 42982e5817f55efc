/** Why the system cannot start or go on, for the person who started it: one sentence, no stack trace. */
export class StartError extends Error {
  constructor(sentence: string, cause?: unknown) {
    super(sentence, { cause });
    this.name = 'StartError';
  }
}

/** The code that Node or PostgreSQL gives to what went wrong outside this program. */
export const codeOf = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
};

/** What an error says; a connection tried over several addresses says nothing of its own. */
export const sentenceOf = (error: unknown): string => {
  const { message } = error as { message?: unknown };
  return typeof message === 'string' && message !== '' ? message : (codeOf(error) ?? String(error));
};
