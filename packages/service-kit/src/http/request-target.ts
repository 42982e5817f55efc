import type { IncomingMessage } from 'node:http';
import { AppError } from '../app-error.ts';
import { isSameAuthority, parseAuthority } from './authority.ts';

const ABSOLUTE_FORM = /^([A-Za-z][A-Za-z0-9+.-]*:)\/\/([^/?#]*)/;

const refusal = (message: string): AppError => new AppError('VALIDATION_FAILED', message);

/** Node keeps the first of several Host headers and says nothing of the others; whatever stands before us may take the last. */
const isHostRepeated = (rawHeaders: readonly string[]): boolean => {
  let found = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') found += 1;
  }
  return found > 1;
};

/** A target such as `http://shop/api`: its host counts, and one that Host contradicts is refused (RFC 9112, 3.2.2). */
const contradicts = (target: string, host: string): boolean => {
  if (target.startsWith('/')) return false;
  const [, scheme = '', text = ''] = ABSOLUTE_FORM.exec(target) ?? [];
  if (scheme === '') return false;
  const asked = parseAuthority(text, scheme.toLowerCase());
  const named = parseAuthority(host, scheme.toLowerCase());
  return !asked || !named || !isSameAuthority(asked, named);
};

/**
 * Why it is not clear which host a request is for, if it is not.
 *
 * @param target the request's target as it came
 */
export const targetRefusal = (
  { headers: { host }, httpVersion, rawHeaders }: IncomingMessage,
  target: string,
): AppError | undefined => {
  if (host === undefined) return httpVersion === '1.0' ? undefined : refusal('The Host header is missing');
  if (isHostRepeated(rawHeaders)) return refusal('The Host header is there more than once');
  if (!parseAuthority(host)) return refusal('The Host header is not well-formed');
  if (contradicts(target, host)) return refusal('The host of the target is not that of the Host header');
  return undefined;
};
