import type { InjectOptions } from 'fastify';
import type { Caller, Network } from '../world/network.ts';
import { STOPPED, type ServiceProcess } from '../world/service-process.ts';
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
  /** How long the client waits for the answer. */
  readonly timeoutMs?: number;
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
  /** How long the gateway took, unless it was stalled meanwhile. */
  readonly servedMs?: number;
  /** Whether the gateway took no further requests when it answered. */
  readonly wasStopping: boolean;
  readonly gatewayClock: { readonly least: number; readonly most: number };
}

/** A request that a gateway has taken and not answered. */
interface Held {
  readonly label: string;
  readonly arrivedAt: number;
  readonly gateway: ServiceProcess;
}

export interface Client {
  /** Asks the gateway; answers nothing where no answer came. */
  (request: Request): Promise<Answer | undefined>;
  /** The requests that gateways which did not crash have left without an answer. */
  unanswered(): readonly string[];
}

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

const labelOf = ({ method, path }: Request): string => `${method} ${path}`;

export const createClient = (
  { time, trace }: World,
  network: Network,
  gateways: () => readonly ServiceProcess[],
  tokens: Tokens | undefined,
): Client => {
  const caller: Caller = { name: 'client', owner: undefined, hear: (work) => work };
  const held = new Set<Held>();
  const serve = async (gateway: ServiceProcess, request: Request, token: Token | undefined) => {
    const { wallClock } = gateway.process.runtime;
    const arrival = { at: time.now(), clock: wallClock() };
    const entry = { label: labelOf(request), arrivedAt: arrival.at, gateway };
    held.add(entry);
    const response = await gateway.inject(injected(request, token));
    held.delete(entry);
    const clocks = [arrival.clock, wallClock()];
    const wasStalled = gateway.process.stalledUntil() > arrival.at;
    return {
      status: response.statusCode,
      body: parsed(response.body),
      headers: response.headers,
      wasStopping: !gateway.isListening(),
      ...(wasStalled ? {} : { servedMs: time.now() - arrival.at }),
      gatewayClock: { least: Math.min(...clocks), most: Math.max(...clocks) },
      ...(token ? { tokenExpiresAt: token.expiresAt } : {}),
    };
  };
  const ask = async (request: Request): Promise<Answer | undefined> => {
    const label = labelOf(request);
    const askedAt = time.now();
    const token = request.who === undefined ? undefined : tokens?.of(request.who);
    const asked = network.call(caller, gateways(), label, (gateway) => serve(gateway, request, token));
    const tooLate = time.sleep(request.timeoutMs ?? TIMEOUT_MS).then(() => undefined);
    const answer = await Promise.race([asked.catch(() => undefined), tooLate]);
    trace('client', answer ? `receives ${answer.status} to ${label}` : `receives no answer to ${label}`);
    return answer && { ...answer, askedAt, answeredAt: time.now() };
  };
  // One that was stalled is ended by the caller that stops it, as a process that does not react.
  const isUnanswered = ({ gateway: { process }, arrivedAt }: Held): boolean =>
    !process.isDead() || (process.end() === STOPPED && process.stalledUntil() <= arrivedAt);
  return Object.assign(ask, {
    unanswered: () =>
      [...held].filter(isUnanswered).map(({ label, gateway }) => `${label} at ${gateway.name}`),
  });
};
