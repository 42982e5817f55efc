import type { FastifyInstance } from 'fastify';
import { createBrowserRules } from './browser-rules.ts';
import { targetOf } from './own-request.ts';
import { targetRefusal } from './request-target.ts';

/** Refuses what nobody may ask, wherever it is asked. */
export const setScreening = (server: FastifyInstance, allowedHosts: readonly string[]): void => {
  const browserRefusal = createBrowserRules(server, allowedHosts);
  server.addHook('onRequest', (request, reply, done) => {
    // To browsers and caches; files of the docs have a caching of their own.
    reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
    done(targetRefusal(request.raw, targetOf(request)) ?? browserRefusal(request));
  });
};
