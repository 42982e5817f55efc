import { kept } from './session.js';

/** @import { ErrorBody } from '@order-pipeline/contracts' */

/** How long an answer may take: longer than the gateway lets any part of the system take. */
const TIMEOUT_MS = 10_000;

/** What the API refused, in its own sentence; or that there was no answer. */
export class ApiError extends Error {
  /**
   * @param {string} sentence
   * @param {{ status?: number, code?: string, requestId?: string | undefined, details?: unknown[] | undefined }} [about]
   */
  constructor(sentence, { status = 0, code = 'NO_ANSWER', requestId, details } = {}) {
    super(sentence);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.details = details;
  }

  /** Whether a token would help, or another one. */
  get needsToken() {
    return this.status === 401 || this.code === 'FORBIDDEN';
  }
}

/**
 * @template T
 * @typedef {{ body: T, next: string | undefined, searchedUntil: string | undefined, etag: string | undefined, waited: boolean, unchanged: boolean }} Answer
 */

/**
 * @typedef {object} Asked
 * @property {'GET' | 'POST'} [method]
 * @property {unknown} [body]
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal | undefined} [signal]
 * @property {number} [timeoutMs]
 */

const NEXT = /<([^>]*)>\s*;\s*rel="?next"?/;

/** @param {Headers} headers */
const nextCursor = (headers) => {
  const url = NEXT.exec(headers.get('link') ?? '')?.[1];
  return url === undefined
    ? undefined
    : (new URL(url, location.origin).searchParams.get('cursor') ?? undefined);
};

/** @param {Response} response */
const refusalOf = async (response) => {
  const requestId = response.headers.get('x-request-id') ?? undefined;
  try {
    const { error, status, code, details } = /** @type {ErrorBody} */ (await response.json());
    return new ApiError(error, { status, code, details, requestId });
  } catch {
    return new ApiError(`The gateway answered ${response.status}`, { status: response.status, requestId });
  }
};

/**
 * @param {string} path
 * @param {RequestInit} init
 * @param {AbortSignal | undefined} given
 */
const send = async (path, init, given) => {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (given?.aborted) throw error;
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    throw new ApiError(late ? 'The gateway takes too long to answer' : 'The gateway cannot be reached');
  }
};

/**
 * Asks the gateway, with the token if there is one.
 *
 * @template T
 * @param {string} path
 * @param {Asked} [asked]
 * @returns {Promise<Answer<T>>}
 * @throws {ApiError} in the API's own sentence
 */
export const ask = async (
  path,
  { method = 'GET', body, headers = {}, signal, timeoutMs = TIMEOUT_MS } = {},
) => {
  const token = kept('token');
  const limit = AbortSignal.timeout(timeoutMs);
  const response = await send(
    path,
    {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      credentials: 'omit',
      cache: 'no-store',
    },
    signal,
  );
  const unchanged = response.status === 304;
  if (!response.ok && !unchanged) throw await refusalOf(response);
  return {
    body: unchanged ? /** @type {T} */ (undefined) : /** @type {T} */ (await response.json()),
    next: nextCursor(response.headers),
    searchedUntil: response.headers.get('searched-until') ?? undefined,
    etag: response.headers.get('etag') ?? undefined,
    waited: response.headers.has('preference-applied'),
    unchanged,
  };
};

const DATA = /^data: ?/;

/**
 * Reads a stream of Server-Sent Events until it ends. Not by `EventSource`, which sends no token.
 *
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {(data: string) => void} onData called with the data of each event
 * @throws {ApiError} when it is refused, or the gateway goes away
 */
export const openStream = async (path, signal, onData) => {
  const token = kept('token');
  const headers = {
    accept: 'text/event-stream',
    ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
  };
  const response = await send(path, { headers, signal, credentials: 'omit', cache: 'no-store' }, signal);
  if (!response.ok) throw await refusalOf(response);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) return;
    const events = (text + value).split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const data = event.split('\n').filter((line) => DATA.test(line));
      if (data.length > 0) onData(data.map((line) => line.replace(DATA, '')).join('\n'));
    }
  }
};

/**
 * A path of the API with its query; what is empty is left out.
 *
 * @param {string} path
 * @param {Record<string, string | number | undefined>} [query]
 */
export const withQuery = (path, query = {}) => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  return search.size === 0 ? path : `${path}?${search}`;
};

/** @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * A command of the command line, which asks this gateway; its token is in ORDERS_TOKEN.
 *
 * @param {string} command
 * @param {string} id
 */
export const asCommand = (command, id) =>
  `npx -y pnpm orders ${command} ${quoted(id)} --url ${quoted(location.origin)}`;

/**
 * The same request for a shell. The token is never in it, only where to put it.
 *
 * @param {string} path
 * @param {Pick<Asked, 'method' | 'body' | 'headers'>} [asked]
 */
export const asCurl = (path, { method = 'GET', body, headers = {} } = {}) =>
  [
    'curl -s',
    ...(method === 'GET' ? [] : [`-X ${method}`]),
    quoted(`${location.origin}${path}`),
    ...(kept('token') === '' ? [] : ['-H "Authorization: Bearer $TOKEN"']),
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined
      ? []
      : ["-H 'content-type: application/json'", `-d ${quoted(JSON.stringify(body))}`]),
  ].join(' ');
