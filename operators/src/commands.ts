import {
  operatorApi,
  type DeadLetter,
  type LetterFilter,
  type LetterResult,
} from '@order-pipeline/contracts';
import type { OperatorClient } from './client.ts';
import type { ActionCommand, Command } from './options.ts';
import { renderDeadLetter, renderList, renderResult } from './render.ts';

/** What a command found or did: for people, and as data; `complete` is whether all that was asked is done. */
export interface Outcome {
  readonly text: string;
  readonly data: unknown;
  readonly complete: boolean;
}

type Named<N extends Command['name']> = Extract<Command, { readonly name: N }>;

/** The most letters that one request lists or works. */
const PAGE = 1_000;

const list = async (client: OperatorClient, { status, filter, limit }: Named<'list'>): Promise<Outcome> => {
  const letters: DeadLetter[] = [];
  let cursor: string | undefined;
  do {
    const query = {
      ...filter,
      ...(status === undefined ? {} : { status }),
      limit: Math.min(PAGE, limit - letters.length),
      ...(cursor === undefined ? {} : { cursor }),
    };
    const page = await client.callPage(operatorApi.listDeadLetters, { query });
    letters.push(...page.body);
    cursor = page.nextCursor;
  } while (cursor !== undefined && letters.length < limit);
  return { text: renderList(letters, cursor !== undefined), data: letters, complete: true };
};

const show = async (client: OperatorClient, { letterId }: Named<'show'>): Promise<Outcome> => {
  const letter = await client.call(operatorApi.getDeadLetter, { params: { letterId } });
  return { text: renderDeadLetter(letter), data: letter, complete: true };
};

const workOne = (
  client: OperatorClient,
  letterId: string,
  { name, by, note, dryRun, force }: ActionCommand,
): Promise<LetterResult> => {
  const params = { letterId };
  if (name === 'discard')
    return client.call(operatorApi.discardDeadLetter, { params, body: { by, note: note ?? '', dryRun } });
  const body = { by, dryRun, force, ...(note === undefined ? {} : { note }) };
  return client.call(operatorApi.redriveDeadLetter, { params, body });
};

/** One page after the other; what was done before a failure is handed to `onPage` first. */
const workMany = async (
  client: OperatorClient,
  filter: LetterFilter,
  { name, by, note, dryRun }: ActionCommand,
  onPage: (result: LetterResult) => void,
): Promise<void> => {
  let cursor: string | undefined;
  do {
    const body = { filter, by, dryRun, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
    const result =
      name === 'discard'
        ? await client.call(operatorApi.discardDeadLetters, { body: { ...body, note: note ?? '' } })
        : await client.call(operatorApi.redriveDeadLetters, {
            body: { ...body, ...(note === undefined ? {} : { note }) },
          });
    onPage(result);
    cursor = result.nextCursor;
  } while (cursor !== undefined);
};

/** What a failure in the middle of many leaves done stays done, so it is told with it. */
const work = async (
  client: OperatorClient,
  action: ActionCommand,
  failed: (error: unknown) => void,
): Promise<Outcome> => {
  const pages: LetterResult[] = [];
  let complete = true;
  if ('letterId' in action.choice) pages.push(await workOne(client, action.choice.letterId, action));
  else
    await workMany(client, action.choice.filter, action, (page) => pages.push(page)).catch(
      (error: unknown) => {
        if (pages.length === 0) throw error;
        complete = false;
        failed(error);
      },
    );
  const data = {
    dryRun: action.dryRun,
    letters: pages.flatMap(({ letters }) => letters),
    leftOut: pages.flatMap(({ leftOut }) => leftOut),
  };
  return { text: renderResult(action.name, data), data, complete: complete && data.leftOut.length === 0 };
};

/**
 * Does what was asked.
 *
 * @param failed told why work on many letters ended before the last of them
 * @throws OperatorError when nothing could be done
 */
export const runCommand = (
  client: OperatorClient,
  command: Command,
  failed: (error: unknown) => void,
): Promise<Outcome> => {
  switch (command.name) {
    case 'list':
      return list(client, command);
    case 'show':
      return show(client, command);
    case 'redrive':
    case 'discard':
      return work(client, command, failed);
  }
};
