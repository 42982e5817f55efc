import type { FastifyInstance } from 'fastify';

/** JSON only, and an empty body counts as none, whatever its content type. */
export const setBodyParsing = (server: FastifyInstance): void => {
  // A key like `__proto__` stays a field like any other, which the schemas refuse by its name.
  const parse = server.getDefaultJsonParser('ignore', 'ignore');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parse(request, body as string, done);
  });
};
