import type { FastifyInstance } from 'fastify';
import { AppError } from '../app-error.ts';
import { createBrowserRules } from './browser-rules.ts';
import { targetRefusal } from './request-target.ts';

/** Refuses what nobody may ask, wherever it is asked, and bodies that are compressed. */
export const setScreening = (server: FastifyInstance, allowedHosts: readonly string[]): void => {
  const browserRefusal = createBrowserRules(server, allowedHosts);
  server.addHook('onRequest', (request, reply, done) => {
    // To browsers and caches; files of the docs have a caching of their own.
    reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
    done(targetRefusal(request.raw, request.originalUrl) ?? browserRefusal(request));
  });
  server.addHook('preParsing', ({ headers: { 'content-encoding': coding } }, reply, _, done) => {
    if (coding === undefined || coding.trim().toLowerCase() === 'identity') return done();
    // What would be taken (RFC 9110, 15.5.16).
    reply.header('accept-encoding', 'identity');
    done(new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must not be compressed'));
  });
};
