import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { COMMANDS } from './commands.ts';
import type { Cli } from './kit/cli.ts';

const EXIT_CODES = `
Exit codes: 0 all that was asked is done, or right; 1 something was refused, left out, not reached or in violation;
2 that is not known: wrong arguments or settings, nothing answered, a signal.`;

/** The command line of the system: `orders <command>`. */
export const createProgram = (cli: Cli): CommandUnknownOpts => {
  const program = new Command('orders')
    .description('Asks a running system, operates it and audits it.')
    .usage('<command> [options], as in: npx -y pnpm orders stuck --json')
    .helpCommand(false)
    .addHelpText('after', EXIT_CODES);
  for (const create of COMMANDS) program.addCommand(create(cli));
  return program;
};
