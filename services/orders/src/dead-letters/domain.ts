import { MAX_SEND_BACKS, type DeadLetter, type DeadLetterActionName } from '@order-pipeline/contracts';

/** What an operator wants of letters. */
export interface Intention {
  readonly action: DeadLetterActionName;
  readonly by: string;
  readonly note?: string;
  /** Send it back although that was done as often as it may. */
  readonly force: boolean;
}

/** Whether a letter was sent back as often as a message may be. */
export const isWornOut = ({ sendBacks }: Pick<DeadLetter, 'sendBacks'>): boolean =>
  sendBacks >= MAX_SEND_BACKS;

/** Why an open letter is not to be worked as intended, if so: a message that nobody can work must not go round for ever. */
export const objectionTo = (
  letter: Pick<DeadLetter, 'sendBacks'>,
  { action, force }: Pick<Intention, 'action' | 'force'>,
): string | undefined =>
  action === 'SEND_BACK' && isWornOut(letter) && !force
    ? `It was sent back ${letter.sendBacks} times already, and failed each time; only force sends it back again, by itself`
    : undefined;

export interface Selection<L> {
  readonly due: readonly L[];
  readonly leftOut: readonly { readonly letterId: string; readonly why: string }[];
}

/** Parts the letters that are to be worked from those that are passed over. */
export const select = <L extends Pick<DeadLetter, 'letterId' | 'sendBacks'>>(
  letters: readonly L[],
  intention: Pick<Intention, 'action' | 'force'>,
): Selection<L> => {
  const judged = letters.map((letter) => ({ letter, why: objectionTo(letter, intention) }));
  return {
    due: judged.filter(({ why }) => why === undefined).map(({ letter }) => letter),
    leftOut: judged.flatMap(({ letter: { letterId }, why }) => (why === undefined ? [] : { letterId, why })),
  };
};
