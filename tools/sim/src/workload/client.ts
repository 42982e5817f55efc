import type { InjectOptions } from 'fastify';
import type { Caller, Network } from '../world/network.ts';
import type { ServiceProcess } from '../world/service-process.ts';
import type { World } from '../world/world.ts';

export interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
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

const injected = ({ method, path, headers = {}, body }: Request): InjectOptions => ({
  method,
  url: path,
  headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
  ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
});

export const createClient = (
  { time, trace }: World,
  network: Network,
  gateways: () => readonly ServiceProcess[],
): Client => {
  const caller: Caller = { name: 'client', owner: undefined, hear: (work) => work };
  return async (request) => {
    const label = `${request.method} ${request.path}`;
    const askedAt = time.now();
    const asked = network.call(caller, gateways(), label, async (gateway) => {
      const response = await gateway.server()?.inject(injected(request));
      return {
        status: response?.statusCode ?? 0,
        body: parsed(response?.body ?? ''),
        headers: response?.headers ?? {},
      };
    });
    const tooLate = time.sleep(TIMEOUT_MS).then(() => undefined);
    const answer = await Promise.race([asked.catch(() => undefined), tooLate]);
    trace('client', answer ? `receives ${answer.status} to ${label}` : `receives no answer to ${label}`);
    return answer && { ...answer, askedAt, answeredAt: time.now() };
  };
};
