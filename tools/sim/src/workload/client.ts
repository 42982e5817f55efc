import type { InjectOptions } from 'fastify';
import type { Caller, Network } from '../world/network.ts';
import type { ServiceProcess } from '../world/service-process.ts';
import type { World } from '../world/world.ts';
import type { Token, Tokens } from './tokens.ts';

export interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A user's id, or `clerk`, `auditor` or `operator`; nobody, if not given. */
  readonly who?: string | undefined;
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
}

/** An answer with when it was asked for and when it came, in milliseconds of the simulation. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly askedAt: number;
  readonly answeredAt: number;
  /** When the token that it was asked with expires; missing where there was none. */
  readonly tokenExpiresAt?: number;
  /** The wall clock of the gateway when the request arrived and when it was answered. */
  readonly gatewayClock: { readonly least: number; readonly most: number };
}

/** Asks the gateway; answers nothing where no answer came. */
export type Client = (request: Request) => Promise<Answer | undefined>;

const TIMEOUT_MS = 5_000;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const injected = (
  { method, path, headers = {}, body }: Request,
  token: Token | undefined,
): InjectOptions => ({
  method,
  url: path,
  headers: {
    ...headers,
    ...(token ? { authorization: `Bearer ${token.text}` } : {}),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  },
  ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
});

export const createClient = (
  { time, trace }: World,
  network: Network,
  gateways: () => readonly ServiceProcess[],
  tokens: Tokens | undefined,
): Client => {
  const caller: Caller = { name: 'client', owner: undefined, hear: (work) => work };
  return async (request) => {
    const label = `${request.method} ${request.path}`;
    const askedAt = time.now();
    const token = request.who === undefined ? undefined : tokens?.of(request.who);
    const asked = network.call(caller, gateways(), label, async (gateway) => {
      const { wallClock } = gateway.process.runtime;
      const before = wallClock();
      const response = await gateway.server()?.inject(injected(request, token));
      const clocks = [before, wallClock()];
      return {
        status: response?.statusCode ?? 0,
        body: parsed(response?.body ?? ''),
        headers: response?.headers ?? {},
        gatewayClock: { least: Math.min(...clocks), most: Math.max(...clocks) },
        ...(token ? { tokenExpiresAt: token.expiresAt } : {}),
      };
    });
    const tooLate = time.sleep(TIMEOUT_MS).then(() => undefined);
    const answer = await Promise.race([asked.catch(() => undefined), tooLate]);
    trace('client', answer ? `receives ${answer.status} to ${label}` : `receives no answer to ${label}`);
    return answer && { ...answer, askedAt, answeredAt: time.now() };
  };
};
