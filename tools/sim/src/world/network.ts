import type { Input, Operation, ServiceName } from '@order-pipeline/contracts';
import {
  isIdempotent,
  unavailable,
  type CallContext,
  type Reply,
  type Transport,
} from '@order-pipeline/service-kit';
import type { Owner } from './time.ts';
import { never, type World } from './world.ts';

/** Somebody who calls: a process, or a client outside. */
export interface Caller {
  readonly name: string;
  /** Whose events its answers are; nobody's, for a client. */
  readonly owner: Owner | undefined;
  /** Settles as `work` does, as far as the caller is there to hear it. */
  hear<T>(work: Promise<T>): Promise<T>;
}

/** Somebody who can be called. */
export interface Callee {
  readonly name: string;
  readonly owner: Owner;
  isListening(): boolean;
  onDeath(fn: () => void): () => void;
}

/** Why a call got no answer. */
export class CallFailure extends Error {
  readonly isReset: boolean;

  constructor(message: string, isReset: boolean) {
    super(message);
    this.isReset = isReset;
  }
}

export interface Network {
  /**
   * Lets a call travel to one of the callees, and its answer back.
   *
   * @param carryOut asks the callee; called when the request has arrived
   * @throws CallFailure; or never settles, when request or answer get lost without a sign
   */
  call<C extends Callee, T>(
    caller: Caller,
    callees: readonly C[],
    label: string,
    carryOut: (callee: C) => Promise<T>,
  ): Promise<T>;
}

const TRIP_MS = { min: 0.2, max: 3 };
const MAX_SLOWNESS_MS = 3_000;

const refused = (): CallFailure => new CallFailure('connect ECONNREFUSED', false);
const reset = (): CallFailure => new CallFailure('read ECONNRESET', true);

export const createNetwork = (world: World): Network => {
  const { time, streams, faultInjector, trace } = world;
  return {
    call: (caller, callees, label, carryOut) =>
      caller.hear(
        new Promise((resolve, reject) => {
          const stream = streams(`${caller.name}/http`);
          const hits = (kind: Parameters<typeof faultInjector.hits>[0]) =>
            faultInjector.hits(kind, stream, caller.name);
          const trip = () =>
            stream.between(TRIP_MS.min, TRIP_MS.max) +
            (hits('http: slow') ? stream.between(100, MAX_SLOWNESS_MS) : 0);
          const fail = (failure: CallFailure) => void time.after(trip(), () => reject(failure), caller.owner);

          const callee = callees[stream.integer(0, Math.max(0, callees.length - 1))];
          if (!callee || hits('http: connection refused')) return fail(refused());
          if (hits('http: request lost')) return;
          const isLost = hits('http: answer lost, connection open');
          const isReset = hits('http: answer lost, connection reset');

          const arrive = async (): Promise<void> => {
            if (!callee.isListening()) return fail(refused());
            const forget = callee.onDeath(() => fail(reset()));
            trace(caller.name, `asks ${callee.name} ${label}`);
            const answer = await carryOut(callee);
            forget();
            if (callee.owner.isDead()) return;
            if (isReset) fail(reset());
            else if (!isLost) time.after(trip(), () => resolve(answer), caller.owner);
          };
          // Not the callee's event: who is dead refuses.
          const knock = (): void => {
            const waitMs = callee.owner.stalledUntil() - time.now();
            if (waitMs > 0 && callee.isListening()) time.after(waitMs, knock);
            else void arrive();
          };
          time.after(trip(), knock);
        }),
      ),
  };
};

/** A service that runs somewhere and can be asked its operations. */
export interface Answerer extends Callee {
  answer(operation: Operation, input: Input<Operation>, call: CallContext): Promise<Reply>;
}

/** What goes over a wire: JSON, in which nothing is undefined. */
const wired = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));

/** How a process asks a service: as `createHttpTransport` does, over the simulated network. */
export const createSimTransport = (
  network: Network,
  caller: Caller,
  service: ServiceName,
  answerers: () => readonly Answerer[],
): Transport => {
  const ask = async (operation: Operation, input: Input<Operation>, call: CallContext): Promise<Reply> => {
    if (caller.owner?.isDead()) return never();
    const label = `${operation.method} ${operation.path}`;
    const attempt = () =>
      network.call(caller, answerers(), label, async (callee) => {
        const asked = {
          params: wired(input.params),
          query: wired(input.query),
          headers: wired(input.headers),
          body: wired(input.body),
        };
        const { status, body: answer, headers } = await callee.answer(operation, asked, call);
        return { status, body: wired(answer), ...(headers ? { headers } : {}) };
      });
    try {
      return await attempt().catch((error: unknown) => {
        if (error instanceof CallFailure && error.isReset && isIdempotent(operation, input)) return attempt();
        throw error;
      });
    } catch (error) {
      throw unavailable(`The ${service} service does not answer, try again in a moment`, error);
    }
  };
  return Object.assign(ask, { ping: async () => undefined });
};
