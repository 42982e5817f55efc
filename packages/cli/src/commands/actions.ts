import { Option } from '@commander-js/extra-typings';
import { ACTION_NAMES, actionsApi, type OperatorAction } from '@order-pipeline/contracts';
import type { Cli } from '../kit/cli.ts';
import { gatewayCommand, openGateway } from '../kit/gateway.ts';
import { listText } from '../kit/list-text.ts';
import { listUpTo } from '../kit/list-up-to.ts';
import { report } from '../kit/outcome.ts';
import { wholeNumber } from '../kit/values.ts';

const MAX_LISTED = 100_000;
const HEAD = ['at', 'by', 'action', 'target', 'reason', 'request'];

/** A name that nothing but the request itself states. */
const nameOf = ({ by, proof }: OperatorAction): string => (proof === 'TOKEN' ? by : `${by} (says so)`);

const rowOf = (action: OperatorAction) => [
  action.at,
  nameOf(action),
  action.action,
  action.target,
  action.reason ?? '–',
  action.requestId,
];

/** `actions`: what operators did. */
export const createActionsCommand = (cli: Cli) =>
  gatewayCommand(cli, 'actions', 'List what operators did, newest first: who, when, what, why')
    .option('--by <name>', 'those of one operator')
    .addOption(new Option('--action <action>', 'those of one kind').choices(ACTION_NAMES))
    .option('--target <id>', 'those on one order, item, dead letter or user')
    .option('--limit <n>', 'at most so many', wholeNumber(1, MAX_LISTED), 100)
    .action(async ({ by, action, target, limit, ...options }) => {
      const query = {
        ...(by === undefined ? {} : { by }),
        ...(action === undefined ? {} : { action }),
        ...(target === undefined ? {} : { target }),
      };
      const listed = await listUpTo(openGateway(cli, options), actionsApi.listActions, { query }, limit);
      const rows = { ...listed, entries: listed.entries.map(rowOf) };
      await report(cli, options.json, { text: listText('action', HEAD, rows), data: listed.entries });
    });
