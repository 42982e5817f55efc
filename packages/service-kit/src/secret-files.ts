import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Environment variables that are set to something. */
type Set = Readonly<Record<string, string>>;

const SECRET_NAME =
  /(?:^|_)(?:TOKENS?|USERNAMES?|PASS|PASSWORDS?|PASSPHRASES?|SECRETS?|KEYS?|CREDENTIALS?|AUTH|DATABASE_URL|DATABASE_READ_URL)(?:_|$)/i;

/** Whether a setting's value is a secret, by its name alone, so that none can be forgotten. */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name);

const SUFFIX = '_FILE';

/** The names of a schema's settings, through what checks them together. */
export const settingNames = (schema: unknown): readonly string[] => {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  return schema instanceof z.ZodPipe ? settingNames(schema.in) : [];
};

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'names a file that is not there',
  ENOTDIR: 'names a file that is not there',
  EISDIR: 'names a folder, not a file',
  EACCES: 'names a file that this user may not read',
};

interface Read {
  readonly value?: string;
  readonly problem?: string;
}

/** What is in a file that a setting names, without the end of its last line. Neither its path nor its content is in a problem: both may be the secret. */
export const readSettingFile = (path: string): Read => {
  try {
    const value = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    return value === '' ? { problem: 'names an empty file' } : { value };
  } catch (error) {
    const { code = '' } = error as { code?: string };
    return { problem: REASONS[code] ?? 'names a file that cannot be read' };
  }
};

/**
 * Adds the secrets that are in files, as orchestrators hand them over: `OPERATOR_TOKEN_FILE` names the file of
 * `OPERATOR_TOKEN`, and so for every secret of the schema.
 *
 * @returns the settings with the secrets, and a problem for each file that cannot be read or is one of two ways to say the same
 */
export const withSecretFiles = (
  schema: unknown,
  set: Set,
): { settings: Set; problems: readonly string[] } => {
  const settings = { ...set };
  const problems: string[] = [];
  for (const name of settingNames(schema)) {
    const variable = `${name}${SUFFIX}`;
    const path = set[variable];
    if (path === undefined || name.endsWith(SUFFIX) || !isSecretName(name)) continue;
    const { value, problem } =
      set[name] === undefined
        ? readSettingFile(path)
        : { problem: `and ${name} are both set: unset one of them` };
    if (problem !== undefined) problems.push(`${variable} ${problem}`);
    if (value !== undefined) settings[name] = value;
  }
  return { settings, problems };
};
