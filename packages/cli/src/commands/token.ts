import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { ID, SCOPES, type Scope } from '@order-pipeline/contracts';
import { DevKeyError, MAX_TOKEN_LIFE_S, readDevKey, signDevToken } from '@order-pipeline/dev-issuer';
import type { Cli } from '../kit/cli.ts';
import { CliError } from '../kit/cli-error.ts';
import { wholeNumber } from '../kit/values.ts';

const DEFAULT_LIFE_S = 3_600;
const USER_ID = new RegExp(ID, 'u');
/** What a customer needs to register, order and cancel. */
const CUSTOMER_SCOPES = 'users:write orders:write';

const isScope = (word: string): word is Scope => (SCOPES as readonly string[]).includes(word);

/** Scopes as in a token: words with spaces between them. */
const scopesIn = (text: string): readonly Scope[] =>
  text
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .map((word) => {
      if (isScope(word)) return word;
      throw new InvalidArgumentError(`There is no scope ${word}, only ${SCOPES.join(', ')}.`);
    });

const userIn = (text: string): string => {
  if (USER_ID.test(text)) return text;
  throw new InvalidArgumentError('It must be an id: 1 to 128 of the characters A-Z a-z 0-9 . _ : -');
};

const readKey = async (dataDir: string) => {
  const key = await readDevKey(dataDir).catch((error: unknown) => {
    throw error instanceof DevKeyError ? new CliError(error.message) : error;
  });
  if (key) return key;
  throw new CliError(
    `There is no development issuer in ${dataDir}: start the system with AUTH_DEV_ISSUER=on, or name its DATA_DIR`,
  );
};

/** `token`: an access token of the development issuer. */
export const createTokenCommand = ({ environment, runtime, print }: Cli) =>
  new Command('token')
    .description('Print an access token of the development issuer (AUTH_DEV_ISSUER=on)')
    .requiredOption('--user <id>', 'whom it is for', userIn)
    .option('--scope <scopes>', 'what it allows, in quotes', scopesIn, scopesIn(CUSTOMER_SCOPES))
    .option('--life <seconds>', 'how long it is valid', wholeNumber(1, MAX_TOKEN_LIFE_S), DEFAULT_LIFE_S)
    .option('--data-dir <folder>', 'the DATA_DIR of the system', environment['DATA_DIR'] || '.data')
    .action(async ({ user, scope, life, dataDir }) => {
      const key = await readKey(dataDir);
      await print(await signDevToken(key, { userId: user, scopes: scope, lifeS: life }, runtime));
    });
