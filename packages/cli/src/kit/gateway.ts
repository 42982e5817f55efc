import { Command } from '@commander-js/extra-typings';
import type { Input, Operation, Output } from '@order-pipeline/contracts';
import { createGateway, type Answer, type Gateway } from '@order-pipeline/gateway-client';
import { readSecret } from '@order-pipeline/service-kit';
import type { Cli } from './cli.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';
import { serverUrl } from './values.ts';

/** The options that every command has that asks the gateway. */
export interface GatewayOptions {
  readonly url: string;
  readonly token?: string | undefined;
  readonly json: boolean;
}

/**
 * The caller's token: that of the option, or of the environment, or of a file that it names.
 *
 * @throws SettingsError when there is no such file
 */
export const tokenOf = ({ environment }: Cli, token: string | undefined): string | undefined =>
  token ?? readSecret(environment, 'ORDERS_TOKEN') ?? readSecret(environment, 'OPERATOR_TOKEN');

/** A command that asks the gateway: with `--url`, `--token` and `--json`. */
export const gatewayCommand = ({ environment }: Cli, name: string, description: string) =>
  new Command(name)
    .description(description)
    .option('--url <url>', 'the gateway', serverUrl, `http://127.0.0.1:${environment['PORT'] || 3000}`)
    .option('--token <token>', 'the bearer token (default: ORDERS_TOKEN, or else OPERATOR_TOKEN)')
    .option('--json', 'JSON instead of text', false);

/** Opens a client of the gateway that asks once, and closes it with the command. */
export const openGateway = (
  cli: Cli,
  { url, token }: Pick<GatewayOptions, 'url' | 'token'>,
  timeoutMs?: number,
): Gateway => {
  const gateway = createGateway({
    url,
    runtime: cli.runtime,
    token: tokenOf(cli, token),
    patienceMs: 0,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  cli.onClose(() => gateway.close());
  return gateway;
};

type Granted<T> = Extract<Answer<T>, { readonly refusal: undefined }>;

/**
 * Asks for something, and for the cursor of the next page where it is a list.
 *
 * @throws CliError with the gateway's sentence when it refuses; GatewayError when it does not answer
 */
export const askPage = async <O extends Operation>(
  gateway: Gateway,
  operation: O,
  input: Partial<Input<O>>,
): Promise<Granted<Output<O>>> => {
  const answer = await gateway.call(operation, input);
  if (answer.refusal) throw new CliError(answer.refusal.error, EXIT.notDone);
  return answer;
};

/** The same of what is no list. */
export const ask = async <O extends Operation>(
  gateway: Gateway,
  operation: O,
  input: Partial<Input<O>>,
): Promise<Output<O>> => (await askPage(gateway, operation, input)).body;
