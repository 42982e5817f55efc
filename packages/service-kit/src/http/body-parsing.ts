import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../app-error.ts';

/** The value of each parameter `charset` of a content type. */
const CHARSETS = /;[ \t]*charset[ \t]*=[ \t]*"?([^";, \t]*)/gi;

/** JSON between systems is UTF-8 (RFC 8259, 8.1); another charset is not read as if it were. */
const isOtherCharset = (contentType = ''): boolean =>
  // What nearly every request says needs no search, which makes a new expression each time.
  contentType !== 'application/json' &&
  [...contentType.matchAll(CHARSETS)].some(([, charset = '']) => !/^utf-?8$/i.test(charset));

/** Why a body is not read that is compressed. */
export const codingRefusal = (
  { headers: { 'content-encoding': coding } }: FastifyRequest,
  reply: FastifyReply,
): AppError | undefined => {
  if (coding === undefined || coding.trim().toLowerCase() === 'identity') return undefined;
  // What would be taken (RFC 9110, 15.5.16).
  reply.header('accept-encoding', 'identity');
  return new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must not be compressed');
};

/** JSON in UTF-8 only, and an empty body counts as none, whatever its content type. */
export const setBodyParsing = (server: FastifyInstance): void => {
  // A key like `__proto__` stays a field like any other, which the schemas refuse by its name.
  const parse = server.getDefaultJsonParser('ignore', 'ignore');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, given, done) => {
    const body = given as Buffer;
    if (body.length === 0) done(null, undefined);
    else if (isOtherCharset(request.headers['content-type']))
      done(
        new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON in UTF-8, which its charset is not'),
      );
    // Decoded without this, what is not UTF-8 would become U+FFFD and be stored.
    else if (!isUtf8(body)) done(new AppError('MALFORMED_JSON', 'The body is not UTF-8, as JSON must be'));
    else void parse(request, body.toString('utf8'), done);
  });
};
