import { CONTENT_SECURITY_POLICY, readConsole, type ConsoleFile } from '@order-pipeline/console';
import { auditApi, sandboxApi } from '@order-pipeline/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const CONSOLE_PATH = '/console/';

/** Where somebody who comes without knowing the paths continues. */
const LINKS = {
  console: CONSOLE_PATH,
  docs: '/docs',
  openapi: '/openapi.json',
  health: '/health/ready',
  users: '/api/users',
  inventory: '/api/inventory',
  orders: '/api/orders',
} as const;

/** A year: such a path contains the digest of what it leads to. */
const FOR_EVER = 'public, max-age=31536000, immutable';
/** Kept, and asked for again whether it is still the same. */
const ASK_AGAIN = 'no-cache';

/** Whether a header of the form `a, b;q=0.5` takes a value. */
const takes = (header: string | undefined, value: string): boolean =>
  (header ?? '').split(',').some((entry) => {
    const [name = '', ...parameters] = entry.toLowerCase().split(';');
    return name.trim() === value && !parameters.some((parameter) => /^\s*q=0(?:\.0*)?\s*$/.test(parameter));
  });

const isKnown = (header: string | undefined, etag: string): boolean =>
  (header ?? '').split(',').some((entry) => entry.trim().replace(/^W\//, '') === etag);

const sendFile = (
  { headers }: FastifyRequest,
  reply: FastifyReply,
  file: ConsoleFile,
  cacheControl: string,
): FastifyReply => {
  const zipped = takes(headers['accept-encoding'], 'gzip');
  const etag = `"${file.digest}${zipped ? '-gzip' : ''}"`;
  reply.headers({
    'cache-control': cacheControl,
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    etag,
    vary: 'accept-encoding',
  });
  if (isKnown(headers['if-none-match'], etag)) return reply.code(304).send();
  if (zipped) reply.header('content-encoding', 'gzip');
  return reply.type(file.contentType).send(zipped ? file.gzipped() : file.bytes);
};

/**
 * Adds the console at `/console/`: one page for every path below it, and its files under a path that contains their digest.
 * `GET /` leads a browser there, and gives a program a document of links.
 */
export const addConsole = (
  server: FastifyInstance,
  { isEmbedded }: { readonly isEmbedded: boolean },
): void => {
  const links = isEmbedded
    ? { ...LINKS, sandbox: sandboxApi.getSandbox.path, audit: auditApi.getAudit.path }
    : LINKS;
  const { page, assets, assetsPath } = readConsole(CONSOLE_PATH);
  const hidden = { schema: { hide: true } };
  server.get('/', hidden, async ({ headers: { accept } }, reply) =>
    takes(accept, 'text/html')
      ? reply.header('vary', 'accept').redirect(CONSOLE_PATH, 302)
      : reply.header('vary', 'accept').send({ links }),
  );
  server.get('/console', hidden, async (_, reply) => reply.redirect(CONSOLE_PATH, 308));
  server.get(`${CONSOLE_PATH}*`, hidden, async (request, reply) => sendFile(request, reply, page, ASK_AGAIN));
  server.get<{ Params: { '*': string } }>(`${CONSOLE_PATH}assets/*`, hidden, async (request, reply) => {
    const path = `${CONSOLE_PATH}assets/${request.params['*']}`;
    const file = path.startsWith(assetsPath) ? assets.get(path.slice(assetsPath.length)) : undefined;
    return file ? sendFile(request, reply, file, FOR_EVER) : reply.callNotFound();
  });
};
