import { Command } from '@commander-js/extra-typings';
import { usersApi } from '@order-pipeline/contracts';
import type { Cli } from '../kit/cli.ts';
import { ask, gatewayCommand, openGateway } from '../kit/gateway.ts';
import { report } from '../kit/outcome.ts';
import { tableOf } from '../kit/table.ts';

const createAddCommand = (cli: Cli) =>
  gatewayCommand(cli, 'add', 'Register a user')
    .argument('<userId>', 'the id of the user')
    .requiredOption('--name <name>', 'the name')
    .requiredOption('--email <address>', 'the email address')
    .action(async (userId, { name, email, ...options }) => {
      const body = { userId, name, email };
      const data = await ask(openGateway(cli, options), usersApi.registerUser, { body });
      await report(cli, options.json, { text: `${userId} is registered`, data });
    });

const createShowCommand = (cli: Cli) =>
  gatewayCommand(cli, 'show', 'Show a user')
    .argument('<userId>', 'the user')
    .action(async (userId, options) => {
      const data = await ask(openGateway(cli, options), usersApi.getUser, { params: { userId } });
      await report(cli, options.json, { text: tableOf(Object.entries(data)), data });
    });

/** `users`: registers and shows users. */
export const createUsersCommand = (cli: Cli) =>
  new Command('users')
    .description('Register and show users')
    .addCommand(createAddCommand(cli))
    .addCommand(createShowCommand(cli));
