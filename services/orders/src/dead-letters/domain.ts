import { MAX_REDRIVES, type DeadLetter, type DeadLetterActionName } from '@order-pipeline/contracts';

/** What an operator asks for. */
export interface DeadLetterCommand {
  readonly action: DeadLetterActionName;
  readonly by: string;
  readonly note?: string;
  /** Redrive it although it has reached the limit. */
  readonly force: boolean;
}

/** Whether a message was redriven as often as it may be without `force`. */
export const hasReachedRedriveLimit = ({ redrives }: Pick<DeadLetter, 'redrives'>): boolean =>
  redrives >= MAX_REDRIVES;

/** Why a command is rejected for an open letter, if it is: a message that always fails must not be redriven for ever. */
export const rejectionOf = (
  letter: Pick<DeadLetter, 'redrives'>,
  { action, force }: Pick<DeadLetterCommand, 'action' | 'force'>,
): string | undefined =>
  action === 'REDRIVE' && hasReachedRedriveLimit(letter) && !force
    ? `It was redriven ${letter.redrives} times and failed each time; redrive it by its id and with force to try again`
    : undefined;

export interface Selection<L> {
  readonly due: readonly L[];
  readonly leftOut: readonly { readonly letterId: string; readonly why: string }[];
}

/** Parts the letters that the command applies to from those that are left out. */
export const select = <L extends Pick<DeadLetter, 'letterId' | 'redrives'>>(
  letters: readonly L[],
  command: Pick<DeadLetterCommand, 'action' | 'force'>,
): Selection<L> => {
  const judged = letters.map((letter) => ({ letter, why: rejectionOf(letter, command) }));
  return {
    due: judged.filter(({ why }) => why === undefined).map(({ letter }) => letter),
    leftOut: judged.flatMap(({ letter: { letterId }, why }) => (why === undefined ? [] : { letterId, why })),
  };
};
