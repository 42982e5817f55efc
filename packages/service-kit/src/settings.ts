import { z } from 'zod';

/** Settings that could not be used: one line a problem. */
export class SettingsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

const MAX_MS = 2_147_483_647;

/** The same as `milliseconds`, without a default. */
export const optionalMilliseconds = () =>
  wholeNumber(1, MAX_MS, `must be a whole number of milliseconds from 1 to ${MAX_MS}`).optional();

/** A whole number of milliseconds in an environment variable, 1 to 2^31 − 1 (the longest timer of Node). */
export const milliseconds = (defaultMs: number) => optionalMilliseconds().unwrap().default(defaultMs);

/** A whole number from `min` to `max` in an environment variable. */
export const wholeNumber = (
  min: number,
  max: number,
  message = `must be a whole number from ${min} to ${max}`,
) =>
  z
    .string()
    .regex(/^\d{1,16}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);

/** A setting that has another name now: a start that still sets the old one is refused with a sentence that says so. */
export const renamedTo = (name: string) => z.undefined(`was renamed ${name} and must be unset`).optional();

/** The URL of a service or a database, with one of `protocols` (as 'http:'). */
export const urlOf = (...protocols: string[]) => {
  const message = `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  return z
    .string()
    .refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), message);
};

/** Comma-separated, without the spaces around each. */
export const listOf = (isItem: (item: string) => boolean, message: string) =>
  z
    .string()
    .transform((value) => value.split(',').map((item) => item.trim()))
    .refine((items) => items.every(isItem), message);

const SECRET_NAME =
  /(?:^|_)(?:TOKENS?|PASS|PASSWORDS?|PASSPHRASES?|SECRETS?|KEYS?|CREDENTIALS?|AUTH|DATABASE_URL)(?:_|$)/i;

/**
 * Whether a setting's value is never told, by its name alone, so that none can be forgotten; of others, what has user
 * information in it, as a URL may.
 */
const isSecret = (name: string, value: string): boolean => SECRET_NAME.test(name) || value.includes('@');

/**
 * Reads settings from the environment. An empty variable counts as unset, as `${NAME:-}` in a compose file leaves it.
 *
 * @throws SettingsError with every problem, each naming its variable, and its value unless that may be secret
 */
export const parseSettings = <S>(
  schema: z.ZodType<S>,
  environment: Readonly<Record<string, string | undefined>>,
): S => {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(set);
  if (result.success) return result.data;
  throw new SettingsError(
    result.error.issues.map((issue) => {
      const name = issue.path.join('.');
      const value = set[name];
      return value === undefined || isSecret(name, value)
        ? `${name} ${issue.message}`
        : `${name} ${issue.message}, not ${JSON.stringify(value)}`;
    }),
  );
};
