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

/** What a header may hold. */
const HEADER_TEXT = /^[\x20-\x7e\xa0-\xff]{1,200}$/;

/** Reads a reason, which goes along in a header. */
export const reasonText = (text: string): string => {
  if (HEADER_TEXT.test(text)) return text;
  throw new InvalidArgumentError('It must have 1 to 200 characters, of Latin-1.');
};
