import { z } from 'zod';
import { isSecretName, readSettingFile, withSecretFiles } from './secret-files.ts';

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

const MAX_RETAIN_DAYS = 36_500;

/** Of what archives orders, and of what watches it. */
export const archiveSettings = {
  /** How many days ago orders have to be closed before they are archived; none are, if it is not set. */
  RETAIN_ORDERS_DAYS: wholeNumber(1, MAX_RETAIN_DAYS).optional(),
};

/** As a retention: nothing is ever deleted. */
export const FOR_EVER = -1;

/** How long something is kept: a whole number of milliseconds from 1, or `FOR_EVER`. */
export const retentionMs = () =>
  z
    .string()
    .regex(/^(?:-1|[1-9]\d{0,14})$/, 'must be -1 (for ever) or a whole number of milliseconds')
    .transform(Number);

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

/** The content of a text file that a setting names. */
export const fileContent = (isGood: (content: string) => boolean, message: string) =>
  z.string().transform((path, context) => {
    const { value = '', problem } = readSettingFile(path);
    if (problem === undefined && isGood(value)) return value;
    context.addIssue({ code: 'custom', message: problem ?? message });
    return z.NEVER;
  });

/**
 * Whether a setting's value is kept out of messages: by its name, because it may be the secret itself where a
 * file's name was meant, or because it has user information in it, as a URL may.
 */
const isSecret = (name: string, value: string): boolean =>
  isSecretName(name) || name.endsWith('_FILE') || value.includes('@');

/**
 * Reads settings from the environment. An empty variable counts as unset, as `${NAME:-}` in a compose file leaves it. A
 * secret may be in a file instead, which `<NAME>_FILE` names.
 *
 * @throws SettingsError with every problem, each naming its variable, and its value unless that may be secret
 */
export const parseSettings = <S>(
  schema: z.ZodType<S>,
  environment: Readonly<Record<string, string | undefined>>,
): S => {
  const given = Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value ? [[name, value] as const] : [])),
  );
  const { settings: set, problems } = withSecretFiles(schema, given);
  const result = schema.safeParse(set);
  const issues = result.error?.issues ?? [];
  // What a file that cannot be read leaves unset is reported once.
  const isTold = (name: string): boolean => problems.some((problem) => problem.startsWith(`${name}_FILE `));
  const sentences = issues.flatMap((issue) => {
    const name = issue.path.join('.');
    const value = set[name];
    if (isTold(name)) return [];
    return value === undefined || isSecret(name, value)
      ? `${name} ${issue.message}`
      : `${name} ${issue.message}, not ${JSON.stringify(value)}`;
  });
  if (!result.success || problems.length > 0) throw new SettingsError([...problems, ...sentences]);
  return result.data;
};

/**
 * Reads one secret from the environment, or from the file that `<name>_FILE` names.
 *
 * @throws SettingsError when both are set, or the file cannot be read
 */
export const readSecret = (
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
): string | undefined => parseSettings(z.object({ [name]: z.string().optional() }), environment)[name];
