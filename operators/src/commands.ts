import {
  operatorApi,
  type DeadLetter,
  type LetterFilter,
  type LetterResult,
} from '@order-pipeline/contracts';
import type { Desk } from './desk.ts';
import type { ActionCommand, Command } from './options.ts';
import { letterPaper, listPaper, resultPaper } from './paper.ts';

/** What a command found or did: for people, and as data; `complete` is whether all that was asked is done. */
export interface Outcome {
  readonly paper: string;
  readonly data: unknown;
  readonly complete: boolean;
}

type Named<N extends Command['name']> = Extract<Command, { readonly name: N }>;

/** The most letters that one request lists or works. */
const PAGE = 1_000;

const list = async (desk: Desk, { status, filter, limit }: Named<'list'>): Promise<Outcome> => {
  const letters: DeadLetter[] = [];
  let cursor: string | undefined;
  do {
    const query = {
      ...filter,
      ...(status === undefined ? {} : { status }),
      limit: Math.min(PAGE, limit - letters.length),
      ...(cursor === undefined ? {} : { cursor }),
    };
    const page = await desk.callPage(operatorApi.listDeadLetters, { query });
    letters.push(...page.body);
    cursor = page.nextCursor;
  } while (cursor !== undefined && letters.length < limit);
  return { paper: listPaper(letters, cursor !== undefined), data: letters, complete: true };
};

const show = async (desk: Desk, { letterId }: Named<'show'>): Promise<Outcome> => {
  const letter = await desk.call(operatorApi.getDeadLetter, { params: { letterId } });
  return { paper: letterPaper(letter), data: letter, complete: true };
};

const workOne = (
  desk: Desk,
  letterId: string,
  { name, by, note, dryRun, force }: ActionCommand,
): Promise<LetterResult> => {
  const params = { letterId };
  if (name === 'discard')
    return desk.call(operatorApi.discardDeadLetter, { params, body: { by, note: note ?? '', dryRun } });
  const body = { by, dryRun, force, ...(note === undefined ? {} : { note }) };
  return desk.call(operatorApi.redriveDeadLetter, { params, body });
};

/** One page after the other; what was done before a failure is handed to `onPage` first. */
const workMany = async (
  desk: Desk,
  filter: LetterFilter,
  { name, by, note, dryRun }: ActionCommand,
  onPage: (result: LetterResult) => void,
): Promise<void> => {
  let cursor: string | undefined;
  do {
    const body = { filter, by, dryRun, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
    const result =
      name === 'discard'
        ? await desk.call(operatorApi.discardDeadLetters, { body: { ...body, note: note ?? '' } })
        : await desk.call(operatorApi.redriveDeadLetters, {
            body: { ...body, ...(note === undefined ? {} : { note }) },
          });
    onPage(result);
    cursor = result.nextCursor;
  } while (cursor !== undefined);
};

/** What a failure in the middle of many leaves done stays done, so it is told with it. */
const work = async (
  desk: Desk,
  action: ActionCommand,
  failed: (error: unknown) => void,
): Promise<Outcome> => {
  const pages: LetterResult[] = [];
  let complete = true;
  if ('letterId' in action.choice) pages.push(await workOne(desk, action.choice.letterId, action));
  else
    await workMany(desk, action.choice.filter, action, (page) => pages.push(page)).catch((error: unknown) => {
      if (pages.length === 0) throw error;
      complete = false;
      failed(error);
    });
  const data = {
    dryRun: action.dryRun,
    letters: pages.flatMap(({ letters }) => letters),
    leftOut: pages.flatMap(({ leftOut }) => leftOut),
  };
  return { paper: resultPaper(action.name, data), data, complete: complete && data.leftOut.length === 0 };
};

/**
 * Does what was asked.
 *
 * @param failed told why work on many letters ended before the last of them
 * @throws OperatorError when nothing could be done
 */
export const runCommand = (
  desk: Desk,
  command: Command,
  failed: (error: unknown) => void,
): Promise<Outcome> => {
  switch (command.name) {
    case 'list':
      return list(desk, command);
    case 'show':
      return show(desk, command);
    case 'redrive':
    case 'discard':
      return work(desk, command, failed);
  }
};
