import type {
  DeadLetter,
  DeadLetterWithContent,
  LetterContent,
  LetterResult,
} from '@order-pipeline/contracts';
import { plain, tableOf } from '../../kit/table.ts';

const MAX_REASON_LENGTH = 60;

const shortened = (text: string): string =>
  text.length > MAX_REASON_LENGTH ? `${text.slice(0, MAX_REASON_LENGTH - 1)}…` : text;

const oneLine = (text: string): string => text.replaceAll('\n', ' ');

const HEAD = ['id', 'status', 'topic', 'group', 'order', 'tries', 'redrives', 'failed at', 'reason'];

const rowOf = (letter: DeadLetter) => [
  letter.letterId,
  letter.status,
  letter.topic,
  letter.group,
  letter.orderId ?? '–',
  letter.tries,
  letter.redrives,
  letter.failedAt,
  shortened(oneLine(letter.reason)),
];

const counted = (count: number): string => `${count} dead letter${count === 1 ? '' : 's'}`;

/** A list of letters for people. */
export const renderList = (letters: readonly DeadLetter[], more: boolean): string =>
  letters.length === 0
    ? 'There are no such dead letters.'
    : `${tableOf(letters.map(rowOf), HEAD)}\n\n${counted(letters.length)}${more ? '; there are more: --limit' : ''}`;

const textOf = (content: LetterContent): string => {
  if (content === null) return '(nothing)';
  return 'text' in content ? content.text : `(base64) ${content.base64}`;
};

/** One letter for people, with all that is known of it. */
export const renderDeadLetter = (letter: DeadLetterWithContent): string => {
  const facts: [string, string][] = [
    ['id', letter.letterId],
    ['status', letter.status],
    ['from', `${letter.topic}, partition ${letter.partition}, offset ${letter.offset}`],
    ['group', letter.group],
    ['order', letter.orderId ?? '–'],
    ['failed at', letter.failedAt],
    ['tries', `${letter.tries}`],
    ['redrives', `${letter.redrives}`],
    ...(letter.previousId === undefined ? [] : [['was before', letter.previousId] as [string, string]]),
    ...letter.cameBackAs.map((id): [string, string] => ['came back as', id]),
    ['reason', letter.reason],
  ];
  const actions = letter.actions.map(({ at, action, by, note, forced }) => [
    at,
    forced ? `${action} (forced)` : action,
    by,
    note ?? '',
  ]);
  return [
    tableOf(facts),
    ...(actions.length > 0 ? [`\nwhat was done\n${tableOf(actions)}`] : []),
    `\nheaders\n${tableOf(letter.headers.map(({ name, value }) => [name, textOf(value)]))}`,
    `\nkey\n${plain(textOf(letter.key))}`,
    `\nvalue\n${plain(textOf(letter.value))}`,
  ].join('\n');
};

const DONE = { redrive: 'redriving', discard: 'discarded' } as const;
const WOULD = { redrive: 'would be redriven', discard: 'would be discarded' } as const;

/** What came of an action, for people. */
export const renderResult = (
  name: 'redrive' | 'discard',
  { dryRun, letters, leftOut }: Omit<LetterResult, 'nextCursor'>,
): string =>
  [
    ...(letters.length > 0 ? [`${tableOf(letters.map(rowOf), HEAD)}\n`] : []),
    ...leftOut.map(({ letterId, why }) => `left out ${letterId}: ${plain(why)}`),
    `${counted(letters.length)} ${(dryRun ? WOULD : DONE)[name]}, ${leftOut.length} left out`,
  ].join('\n');
