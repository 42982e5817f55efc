import { userInfo } from 'node:os';
import process from 'node:process';
import { UsageError } from '@order-pipeline/command-line';
import { createRuntime, readSecret, SettingsError } from '@order-pipeline/service-kit';
import { runCommand } from './commands.ts';
import { openOperatorClient, OperatorError } from './client.ts';
import { HELP, parseOptions } from './options.ts';

// dead-letters COMMAND [options]: see HELP.

const USAGE = 2;

const userName = (): string | undefined => {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user without a name.
    return undefined;
  }
};

const complain = (error: unknown): void => {
  const isSentence =
    error instanceof OperatorError || error instanceof UsageError || error instanceof SettingsError;
  console.error(isSentence ? error.message : error);
};

const run = async (): Promise<number> => {
  const { PORT } = process.env;
  const options = parseOptions(process.argv.slice(2), {
    url: `http://127.0.0.1:${PORT || 3000}`,
    token: readSecret(process.env, 'OPERATOR_TOKEN'),
    by: userName(),
  });
  if (options === 'help') {
    console.log(HELP);
    return 0;
  }
  const client = openOperatorClient(options.url, options.token, createRuntime());
  try {
    const { text, data, complete } = await runCommand(client, options.command, complain);
    console.log(options.json ? JSON.stringify(data, undefined, 2) : text);
    return complete ? 0 : 1;
  } finally {
    await client.close();
  }
};

const main = async (): Promise<number> => {
  try {
    return await run();
  } catch (error) {
    complain(error);
    return error instanceof UsageError ? USAGE : 1;
  }
};

process.exitCode = await main();
