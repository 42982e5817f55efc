import { UsageError } from './usage-error.ts';

/**
 * The number that was given to an option.
 *
 * @param option its name, without the hyphens
 * @throws UsageError when it is not decimal digits, or not from `min` to `max`
 */
export const wholeNumberOf = (option: string, text: string, min: number, max: number): number => {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(
    `--${option} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`,
  );
};

/**
 * The server that was given to `--url`, without path and query.
 *
 * @throws UsageError when it is no URL of http or https
 */
export const urlOf = (text: string): string => {
  if (URL.canParse(text) && /^https?:\/\//.test(text)) return new URL(text).origin;
  throw new UsageError(
    `--url must be a URL that starts with http:// or https://, not ${JSON.stringify(text)}`,
  );
};
