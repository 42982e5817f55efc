import type { FastifyInstance } from 'fastify';
import { AppError } from '../app-error.ts';
import { createBrowserRules } from './browser-rules.ts';
import { targetRefusal } from './request-target.ts';

/** What every answer says to browsers and caches; files of the docs have a caching of their own. */
const EVERY_ANSWER = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' } as const;

/** Refuses what nobody may ask, wherever it is asked, and bodies that are compressed. */
export const setScreening = (server: FastifyInstance, allowedHosts: readonly string[]): void => {
  const browserRefusal = createBrowserRules(server, allowedHosts);
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(EVERY_ANSWER);
    done(targetRefusal(request.raw, request.originalUrl) ?? browserRefusal(request));
  });
  server.addHook('preParsing', ({ headers: { 'content-encoding': coding } }, reply, _, done) => {
    if (coding === undefined || coding.trim().toLowerCase() === 'identity') return done();
    // What would be taken (RFC 9110, 15.5.16).
    reply.header('accept-encoding', 'identity');
    done(new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must not be compressed'));
  });
};
