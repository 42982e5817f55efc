import { Command, Option } from '@commander-js/extra-typings';
import { DEAD_LETTER_STATUSES, operatorApi, TOPIC_NAMES } from '@order-pipeline/contracts';
import type { Cli } from '../../kit/cli.ts';
import { CliError } from '../../kit/cli-error.ts';
import { ask, gatewayCommand, openGateway } from '../../kit/gateway.ts';
import { report } from '../../kit/outcome.ts';
import { wholeNumber } from '../../kit/values.ts';
import { choiceIn, filterIn } from './filter.ts';
import { listDeadLetters } from './list.ts';
import { renderDeadLetter } from './render.ts';
import { resolve } from './resolve.ts';
import { userName } from './user-name.ts';

const MAX_LISTED = 100_000;

/** A command about the dead letters of a filter. */
const filteredCommand = (cli: Cli, name: string, description: string) =>
  gatewayCommand(cli, name, description)
    .addOption(new Option('--topic <topic>', 'those of one topic').choices(TOPIC_NAMES))
    .option('--group <group>', 'those of one consumer group, such as shipping')
    .option('--reason <text>', 'those whose reason contains this')
    .option('--order <id>', 'those about one order');

const createListCommand = (cli: Cli) =>
  filteredCommand(cli, 'list', 'List dead letters, newest first')
    .addOption(
      new Option('--status <status>', 'those in one status')
        .choices([...DEAD_LETTER_STATUSES, 'ALL'] as const)
        .default('OPEN' as const),
    )
    .option('--limit <n>', 'at most so many', wholeNumber(1, MAX_LISTED), 100)
    .action(async ({ status, limit, ...options }) => {
      const query = { ...filterIn(options), ...(status === 'ALL' ? {} : { status }) };
      await report(cli, options.json, await listDeadLetters(openGateway(cli, options), query, limit));
    });

const createShowCommand = (cli: Cli) =>
  gatewayCommand(cli, 'show', 'Show a dead letter, with its message and what was done with it')
    .argument('<id>', 'its id')
    .action(async (letterId, options) => {
      const data = await ask(openGateway(cli, options), operatorApi.getDeadLetter, { params: { letterId } });
      await report(cli, options.json, { text: renderDeadLetter(data), data });
    });

/** A command that does something with dead letters. */
const actionCommand = (cli: Cli, name: string, description: string) =>
  filteredCommand(cli, name, description)
    .argument('[id]', 'the id of one of them')
    .option('--all', 'all of them', false)
    .option('--dry-run', 'list what would be done, and do nothing', false)
    .option('--by <name>', 'who does it (default: your user name)')
    .option('--note <text>', 'why');

const byOf = (by: string | undefined): string => {
  const name = by ?? userName();
  if (name === undefined) throw new CliError('Say who you are: --by NAME');
  return name;
};

const createRedriveCommand = (cli: Cli) =>
  actionCommand(cli, 'redrive', 'Send dead letters back to their topics, for the groups that failed')
    .option('--force', 'with an id: also when it was redriven 3 times already', false)
    .action(async (letterId, { all, by, note, dryRun, force, ...options }) => {
      const choice = choiceIn(letterId, all, options);
      if (force && !('letterId' in choice))
        throw new CliError('--force goes with an ID only: it is for one dead letter at a time');
      const action = { name: 'redrive', choice, by: byOf(by), note, dryRun, force } as const;
      await report(cli, options.json, await resolve(openGateway(cli, options), action, cli.say));
    });

const createDiscardCommand = (cli: Cli) =>
  actionCommand(cli, 'discard', 'Close dead letters without a redrive; they are kept').action(
    async (letterId, { all, by, note, dryRun, ...options }) => {
      const choice = choiceIn(letterId, all, options);
      if (note === undefined) throw new CliError('Say why: --note TEXT');
      const action = { name: 'discard', choice, by: byOf(by), note, dryRun, force: false } as const;
      await report(cli, options.json, await resolve(openGateway(cli, options), action, cli.say));
    },
  );

/** `dead-letters`: what operators do with messages that a service failed to process. */
export const createDeadLettersCommand = (cli: Cli) =>
  new Command('dead-letters')
    .description('List, redrive and discard dead letters: messages that a service failed to process')
    .addCommand(createListCommand(cli))
    .addCommand(createShowCommand(cli))
    .addCommand(createRedriveCommand(cli))
    .addCommand(createDiscardCommand(cli));
