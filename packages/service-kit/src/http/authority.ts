/** A host and perhaps its port, as RFC 3986 has them; nothing else belongs into a Host header. */
const AUTHORITY = /^(?:\[[0-9A-Fa-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::\d*)?$/;
const LOOPBACK_NAME = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost)$/;
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[.*\])$/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** A host as it can be compared: in lower case, without the dot at its end, addresses in one spelling. */
export interface Authority {
  readonly name: string;
  readonly port: string;
  /** Whether the name always leads to the machine itself. */
  readonly isLoopback: boolean;
}

const NO_HOST: Authority = { name: '', port: '', isLoopback: false };

/** What was read lately: nearly every request names the same host, and reading a URL takes microseconds. */
const parsed = new Map<string, Authority>();
const MAX_PARSED = 64;
const MAX_CHARACTERS_PARSED = 256;
const USUAL_SCHEME = 'http:';

const readAuthority = (text: string, scheme: string): Authority | undefined => {
  const url = `${scheme}//${text}`;
  if (!AUTHORITY.test(text) || !URL.canParse(url)) return undefined;
  const { hostname, port } = new URL(url);
  const name = hostname.replace(/\.$/, '');
  return { name, port: port || (DEFAULT_PORTS[scheme] ?? ''), isLoopback: isLoopbackName(name) };
};

/**
 * Reads a `Host` header, or the same part of a URL.
 *
 * @param scheme whose port counts where none is named, such as `http:`
 * @returns nothing where it is not well-formed; an empty name where there is none
 */
export const parseAuthority = (text: string, scheme = USUAL_SCHEME): Authority | undefined => {
  if (text === '') return NO_HOST;
  if (scheme !== USUAL_SCHEME) return readAuthority(text, scheme);
  const known = parsed.get(text);
  if (known) return known;
  const authority = readAuthority(text, scheme);
  if (!authority || text.length > MAX_CHARACTERS_PARSED) return authority;
  if (parsed.size >= MAX_PARSED) parsed.clear();
  parsed.set(text, authority);
  return authority;
};

/** Whether a name always leads to the machine itself. */
export const isLoopbackName = (name: string): boolean => LOOPBACK_NAME.test(name);

/** Whether it is an address and no name, so that no name server can have it lead elsewhere. */
export const isAddressLiteral = (name: string): boolean => ADDRESS.test(name);

/** Whether both name the same host and port. */
export const isSameAuthority = (one: Authority, other: Authority): boolean =>
  one.name === other.name && one.port === other.port;
