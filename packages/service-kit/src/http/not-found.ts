import type { FastifyInstance, FastifyRequest } from 'fastify';
import { refuse, type Reply } from '../reply.ts';
import { targetOf } from './own-request.ts';

const patternOf = (path: string): RegExp => {
  const pattern = path
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/');
  // What Fastify takes for 'everything below'.
  return new RegExp(`^${pattern.replace(/\\\*$/, '.*')}$`);
};

/**
 * The answer where no route is: a wrong method is distinguished from an unknown path. To be made before the routes are added,
 * because it learns them from the server.
 */
export const createNotFoundAnswer = (server: FastifyInstance): ((request: FastifyRequest) => Reply) => {
  const known: { readonly methods: readonly string[]; readonly pattern: RegExp }[] = [];
  server.addHook('onRoute', ({ method, url }) => {
    known.push({ methods: [method].flat(), pattern: patternOf(url) });
  });
  return (request) => {
    const { method, url } = request;
    if (url !== targetOf(request)) return refuse('VALIDATION_FAILED', 'The path is not well-formed');
    const path = url.split('?', 1)[0] ?? '';
    const here = known.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
    // One that has the method answered by itself that there is nothing: a file server.
    if (here.length === 0 || here.includes(method))
      return refuse('ROUTE_NOT_FOUND', `There is nothing at ${method} ${path}`);
    const allowed = [...new Set(here)].toSorted().join(', ');
    return {
      ...refuse('METHOD_NOT_ALLOWED', `${method} is not possible here, only ${allowed}`),
      headers: { allow: allowed },
    };
  };
};
