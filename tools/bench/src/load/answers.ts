const EXAMPLES = 3;

/** What became of the orders that were asked for. */
export interface Answers {
  /** The ids of those that were answered 201. */
  readonly placed: readonly string[];
  /** How many were refused as they had to be. */
  readonly refusedRightly: number;
  /** How many had another answer, or none. */
  readonly wrong: number;
  /** The first of those. */
  readonly examples: readonly string[];
}

/** Takes answers down as they come. */
export interface AnswerRecorder {
  take(orderId: string, status: number, body: string): void;
  /** @param asked how many were asked for */
  close(asked: number): Answers;
}

/** @param refusal the code of the only refusal that is right, if one is */
export const createAnswerRecorder = (refusal?: string): AnswerRecorder => {
  const placed: string[] = [];
  const examples: string[] = [];
  let refusedRightly = 0;
  return {
    take: (orderId, status, body) => {
      if (status === 201 && body.includes(`"${orderId}"`)) placed.push(orderId);
      else if (refusal !== undefined && status === 409 && body.includes(`"${refusal}"`)) refusedRightly += 1;
      else if (examples.length < EXAMPLES) examples.push(`${status} ${body}`);
    },
    close: (asked) => {
      const wrong = asked - placed.length - refusedRightly;
      return { placed, refusedRightly, wrong, examples };
    },
  };
};
