import { readArguments, urlOf, UsageError, wholeNumberOf } from '@order-pipeline/command-line';
import {
  DEAD_LETTER_STATUSES,
  TOPIC_NAMES,
  type DeadLetterStatus,
  type LetterFilter,
} from '@order-pipeline/contracts';

/** Which letters are meant: one by its id, or those of a filter; an empty filter means all. */
export type Choice = { readonly letterId: string } | { readonly filter: LetterFilter };

/** Something that is to be done with letters. */
export interface ActionCommand {
  readonly name: 'redrive' | 'discard';
  readonly choice: Choice;
  readonly by: string;
  readonly note: string | undefined;
  readonly dryRun: boolean;
  readonly force: boolean;
}

/** What is asked for, with what it needs. */
export type Command =
  | {
      readonly name: 'list';
      readonly status: DeadLetterStatus | undefined;
      readonly filter: LetterFilter;
      readonly limit: number;
    }
  | { readonly name: 'show'; readonly letterId: string }
  | ActionCommand;

export interface OperatorOptions {
  readonly command: Command;
  /** Where the gateway is, without a path. */
  readonly url: string;
  readonly token: string | undefined;
  readonly json: boolean;
}

/** What is taken where an option is not given. */
export interface Defaults {
  readonly url: string;
  readonly token: string | undefined;
  readonly by: string | undefined;
}

export const HELP = `Lists, redrives and discards dead letters: messages that a service failed to process.

Usage: npx -y pnpm dead-letters COMMAND [options]

  list                     the open ones
  show ID                  one of them, with its message and what was done with it
  redrive ID               sends it back to its topic, for the group that failed; at most 3 times, unless with --force
  redrive --all            redrives all of them
  discard ID --note WHY    closes it without a redrive; it is kept

With list, and instead of ID:

  --topic TOPIC            those of one topic, such as ORDER_PLACED
  --group GROUP            those of one consumer group, such as shipping
  --reason TEXT            those whose reason contains this
  --order ID               those about one order

  --status STATUS          list: OPEN (default), REDRIVING, REDRIVEN, DISCARDED or ALL
  --limit N                list: at most so many (default 100)
  --dry-run                list what would be done, and do nothing
  --force                  redrive ID: beyond the limit of 3 redrives
  --by NAME                who does it (default: your user name)
  --note TEXT              why
  --url URL                the gateway (default http://127.0.0.1:3000, or the port in PORT)
  --token TOKEN            the gateway's OPERATOR_TOKEN (default: what is in OPERATOR_TOKEN
                           or in the file that OPERATOR_TOKEN_FILE names)
  --json                   JSON instead of tables
  --help                   show this

Exit codes: 0 all that was asked is done, 1 something was refused or left out, 2 the arguments are wrong.`;

const MAX_LISTED = 100_000;

const parse = (args: readonly string[]) =>
  readArguments(args, {
    allowPositionals: true,
    options: {
      topic: { type: 'string' },
      group: { type: 'string' },
      reason: { type: 'string' },
      order: { type: 'string' },
      status: { type: 'string', default: 'OPEN' },
      limit: { type: 'string', default: '100' },
      all: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
      by: { type: 'string' },
      note: { type: 'string' },
      url: { type: 'string' },
      token: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });

type Values = ReturnType<typeof parse>['values'];

const oneOf = <T extends string>(name: string, allowed: readonly T[], text: string): T => {
  const found = allowed.find((value) => value === text);
  if (found !== undefined) return found;
  throw new UsageError(`--${name} must be one of ${allowed.join(', ')}, not ${JSON.stringify(text)}`);
};

const filterIn = ({ topic, group, reason, order }: Values): LetterFilter => ({
  ...(topic === undefined ? {} : { topic: oneOf('topic', TOPIC_NAMES, topic) }),
  ...(group === undefined ? {} : { group }),
  ...(reason === undefined ? {} : { reason }),
  ...(order === undefined ? {} : { orderId: order }),
});

const choiceIn = (values: Values, letterId: string | undefined): Choice => {
  const filter = filterIn(values);
  const ways = [letterId !== undefined, Object.keys(filter).length > 0, values.all].filter(Boolean);
  if (ways.length > 1) throw new UsageError('An ID, a filter and --all exclude one another');
  if (ways.length === 0)
    throw new UsageError('Say which: an ID, --topic, --group, --reason, --order or --all');
  return letterId === undefined ? { filter } : { letterId };
};

const actionIn = (
  name: 'redrive' | 'discard',
  values: Values,
  letterId: string | undefined,
  defaults: Defaults,
): Command => {
  const choice = choiceIn(values, letterId);
  const by = values.by ?? defaults.by;
  if (by === undefined) throw new UsageError('Say who you are: --by NAME');
  if (name === 'discard' && values.note === undefined) throw new UsageError('Say why: --note TEXT');
  if (values.force && (name === 'discard' || !('letterId' in choice)))
    throw new UsageError('--force goes with redrive ID only: it is for one dead letter at a time');
  return { name, choice, by, note: values.note, dryRun: values['dry-run'], force: values.force };
};

const commandIn = (values: Values, [name, id, ...more]: readonly string[], defaults: Defaults): Command => {
  if (more.length > 0) throw new UsageError(`One ID at a time; ${JSON.stringify(more[0])} is one too many`);
  switch (name) {
    case 'list': {
      if (id !== undefined) throw new UsageError('list takes no ID: show ID does');
      const status = oneOf('status', [...DEAD_LETTER_STATUSES, 'ALL'] as const, values.status);
      return {
        name,
        status: status === 'ALL' ? undefined : status,
        filter: filterIn(values),
        limit: wholeNumberOf('limit', values.limit, 1, MAX_LISTED),
      };
    }
    case 'show':
      if (id === undefined) throw new UsageError('Say which: show ID');
      return { name, letterId: id };
    case 'redrive':
    case 'discard':
      return actionIn(name, values, id, defaults);
    case undefined:
      throw new UsageError('Say what to do: list, show, redrive or discard (--help tells more)');
    default:
      throw new UsageError(
        `There is no command ${JSON.stringify(name)}, only list, show, redrive and discard`,
      );
  }
};

/**
 * @returns `help` when that is asked for
 * @throws UsageError with one sentence
 */
export const parseOptions = (args: readonly string[], defaults: Defaults): OperatorOptions | 'help' => {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  return {
    command: commandIn(values, positionals, defaults),
    url: urlOf(values.url ?? defaults.url),
    token: values.token ?? defaults.token,
    json: values.json,
  };
};
