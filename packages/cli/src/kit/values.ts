import { InvalidArgumentError } from '@commander-js/extra-typings';

/** Reads a whole number from `min` to `max`, in decimal digits. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };

/** Reads a server: a URL of http or https, of which path and query are dropped. */
export const serverUrl = (text: string): string => {
  if (URL.canParse(text) && /^https?:\/\//.test(text)) return new URL(text).origin;
  throw new InvalidArgumentError('It must be a URL that starts with http:// or https://.');
};
