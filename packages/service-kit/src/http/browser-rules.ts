import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../app-error.ts';
import { isAddressLiteral, isSameAuthority, parseAuthority, type Authority } from './authority.ts';
import { isLoopbackAddress } from './this-machine.ts';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
/** What a browser says of a request that its own page or the person made. */
const OWN_SITES: ReadonlySet<unknown> = new Set([undefined, 'same-origin', 'none']);

/**
 * A page from elsewhere can have a name of its own lead to 127.0.0.1, and would then read all that is answered here (DNS
 * rebinding). It cannot choose the Host header, so that header decides.
 */
const createHostRule = (server: FastifyInstance, allowed: ReadonlySet<string>) => {
  let isLoopback = false;
  server.server.on('listening', () => {
    isLoopback = isLoopbackAddress(server.server.address());
  });
  const isAllowed = ({ name, isLoopback: isThisMachine }: Authority): boolean =>
    isThisMachine || allowed.has(name) || (!isLoopback && isAddressLiteral(name));
  return ({ headers: { host = '' } }: FastifyRequest): AppError | undefined => {
    if (!isLoopback && allowed.size === 0) return undefined;
    const authority = parseAuthority(host);
    if (authority && isAllowed(authority)) return undefined;
    return new AppError(
      'HOST_NOT_ALLOWED',
      'This host is not asked by that name: use localhost, or add the name to ALLOWED_HOSTS',
    );
  };
};

/**
 * A page from elsewhere may send requests here without seeing the answers (CSRF). Browsers say where a request comes from;
 * programs say nothing, and are not asked to. Another port or a sibling domain is as foreign as any other.
 */
const createSiteRule = (allowed: ReadonlySet<string>) => {
  const isOwn = (origin: string, host: string): boolean => {
    const [scheme, text = ''] = origin.split('//', 2);
    const from = parseAuthority(text, scheme);
    const here = parseAuthority(host, scheme);
    return !!from && from.name !== '' && !!here && (isSameAuthority(from, here) || allowed.has(from.name));
  };
  return (request: FastifyRequest): AppError | undefined => {
    if (SAFE_METHODS.has(request.method)) return undefined;
    const { origin, 'sec-fetch-site': site } = request.headers;
    if (OWN_SITES.has(site) && (origin === undefined || isOwn(origin, request.host))) return undefined;
    return new AppError('CROSS_SITE_REFUSED', 'Pages of other sites may change nothing here');
  };
};

/**
 * What keeps pages from elsewhere out, in the browsers of those who reach this server.
 *
 * @param allowedHosts names beside those of the machine, in lower case. The Host header is looked at while only this machine
 *   is listened to, and where names are given
 * @returns why a request is refused, if it is
 */
export const createBrowserRules = (
  server: FastifyInstance,
  allowedHosts: readonly string[],
): ((request: FastifyRequest) => AppError | undefined) => {
  const allowed = new Set(allowedHosts);
  const hostRule = createHostRule(server, allowed);
  const siteRule = createSiteRule(allowed);
  return (request) => hostRule(request) ?? siteRule(request);
};
