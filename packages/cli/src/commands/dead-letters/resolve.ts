import { operatorApi, type LetterFilter, type LetterResult } from '@order-pipeline/contracts';
import type { Gateway } from '@order-pipeline/gateway-client';
import { failureText } from '../../kit/failures.ts';
import { ask } from '../../kit/gateway.ts';
import type { Outcome } from '../../kit/outcome.ts';
import type { Choice } from './filter.ts';
import { renderResult } from './render.ts';

/** Something that is to be done with dead letters. */
export interface Action {
  readonly name: 'redrive' | 'discard';
  readonly choice: Choice;
  readonly by: string;
  readonly note: string | undefined;
  readonly dryRun: boolean;
  readonly force: boolean;
}

/** The most dead letters that one request resolves. */
const PAGE_SIZE = 1_000;

const resolveOne = (
  gateway: Gateway,
  letterId: string,
  { name, by, note, dryRun, force }: Action,
): Promise<LetterResult> => {
  const params = { letterId };
  if (name === 'discard')
    return ask(gateway, operatorApi.discardDeadLetter, { params, body: { by, note: note ?? '', dryRun } });
  const body = { by, dryRun, force, ...(note === undefined ? {} : { note }) };
  return ask(gateway, operatorApi.redriveDeadLetter, { params, body });
};

/** One page after the other; what was done before a failure is handed to `onPage` first. */
const resolveMany = async (
  gateway: Gateway,
  filter: LetterFilter,
  { name, by, note, dryRun }: Action,
  onPage: (result: LetterResult) => void,
): Promise<void> => {
  let cursor: string | undefined;
  do {
    const body = { filter, by, dryRun, limit: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) };
    const result =
      name === 'discard'
        ? await ask(gateway, operatorApi.discardDeadLetters, { body: { ...body, note: note ?? '' } })
        : await ask(gateway, operatorApi.redriveDeadLetters, {
            body: { ...body, ...(note === undefined ? {} : { note }) },
          });
    onPage(result);
    cursor = result.nextCursor;
  } while (cursor !== undefined);
};

/**
 * Redrives or discards dead letters. What was done before a failure in the middle of many stays done, so it is reported
 * with the failure.
 *
 * @param say called with the reason when it ends before the last of them
 * @throws CliError when the gateway refuses and nothing was done; GatewayError when it does not answer
 */
export const resolve = async (
  gateway: Gateway,
  action: Action,
  say: (line: string) => void,
): Promise<Outcome> => {
  const pages: LetterResult[] = [];
  let isWhole = true;
  if ('letterId' in action.choice) pages.push(await resolveOne(gateway, action.choice.letterId, action));
  else
    await resolveMany(gateway, action.choice.filter, action, (page) => pages.push(page)).catch(
      (error: unknown) => {
        if (pages.length === 0) throw error;
        isWhole = false;
        say(failureText(error));
      },
    );
  const data = {
    dryRun: action.dryRun,
    letters: pages.flatMap(({ letters }) => letters),
    leftOut: pages.flatMap(({ leftOut }) => leftOut),
  };
  return { text: renderResult(action.name, data), data, isDone: isWhole && data.leftOut.length === 0 };
};
