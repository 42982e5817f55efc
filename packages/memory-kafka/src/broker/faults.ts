import type { Clock } from '../clock.ts';
import { createDeferred } from '../deferred.ts';
import {
  connectionClosed,
  connectionRefused,
  protocolError,
  toError,
  type ProtocolErrorType,
} from '../errors.ts';

/** The kinds of request that a fault can be put on. */
export type Api =
  | 'produce'
  | 'fetch'
  | 'metadata'
  | 'offsets'
  | 'commit'
  | 'join'
  | 'sync'
  | 'heartbeat'
  | 'leave'
  | 'admin'
  | 'transaction';

export interface Repeat {
  /** How many requests are hit; 1 if not said. */
  readonly times?: number;
}

/** What a test can make go wrong. */
export interface Faults {
  /** Takes the broker away: requests in flight fail, no connection succeeds, group sessions stand still. */
  brokerDown(): void;
  /** Brings it back, with everything that it had acknowledged; group members have their whole session timeout again. */
  brokerUp(): void;
  isBrokerDown(): boolean;
  /** Answers the next requests of this kind with a refusal; nothing of them is carried out. */
  refuse(api: Api, type: ProtocolErrorType, repeat?: Repeat): void;
  /** Holds up the next requests of this kind for `ms` milliseconds of the cluster's clock. */
  delay(api: Api, ms: number, repeat?: Repeat): void;
  /** Carries out the next requests of this kind, but the connection breaks before the answer. */
  loseAnswer(api: Api, repeat?: Repeat): void;
  /** Makes a group rebalance, as if a member had joined or left. */
  rebalance(groupId: string): void;
  /** Evicts a member of a group (every member, if none is named) as if its session had timed out. */
  expireSession(groupId: string, memberId?: string): void;
  /** Takes back all faults that have not happened yet, and brings the broker back. */
  clear(): void;
}

/** What stands between the clients and the broker. */
export interface Gate {
  readonly faults: Omit<Faults, 'rebalance' | 'expireSession'>;
  /** Changes whenever connections break, so that clients know theirs is gone. */
  epoch(): number;
  /** Throws KafkaJSConnectionError when nobody listens. */
  connect(): void;
  /** Lets a request through to `carryOut`, unless a fault was ordered for it. */
  pass<T>(api: Api, carryOut: () => T | Promise<T>): Promise<T>;
}

export interface GateOptions {
  readonly clock: Clock;
  readonly address: () => { host: string; port: number };
  readonly onDown: () => void;
  readonly onUp: () => void;
}

type Fault =
  | { readonly kind: 'refuse'; readonly type: ProtocolErrorType }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'lose' };

interface Ordered {
  readonly fault: Fault;
  left: number;
}

/** The faults that are yet to happen, by kind of request. */
const createOrders = () => {
  const ordered = new Map<Api, Ordered[]>();
  return {
    add: (api: Api, fault: Fault, { times = 1 }: Repeat = {}): void => {
      ordered.set(api, [...(ordered.get(api) ?? []), { fault, left: times }]);
    },
    take: (api: Api): Fault[] => {
      const waiting = ordered.get(api);
      if (waiting === undefined) return [];
      for (const each of waiting) each.left -= 1;
      const left = waiting.filter((each) => each.left > 0);
      if (left.length > 0) ordered.set(api, left);
      else ordered.delete(api);
      return waiting.map((each) => each.fault);
    },
    clear: () => ordered.clear(),
  };
};

/** The requests in flight, which all fail when connections break. */
const createFlights = () => {
  const inFlight = new Set<(error: Error) => void>();
  return {
    breakAll: (error: Error): void => {
      for (const reject of inFlight) reject(error);
      inFlight.clear();
    },
    guard: async <T>(answer: Promise<T>): Promise<T> => {
      const broken = createDeferred<never>();
      inFlight.add(broken.reject);
      try {
        return await Promise.race([answer, broken.promise]);
      } finally {
        inFlight.delete(broken.reject);
      }
    },
  };
};

/** The gate of one cluster. */
export const createGate = ({ clock, address, onDown, onUp }: GateOptions): Gate => {
  let isDown = false;
  let epoch = 0;
  const orders = createOrders();
  const flights = createFlights();
  const refused = () => connectionRefused(address().host, address().port);
  const closed = () => connectionClosed(address().host, address().port);
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));

  const passWithFaults = async <T>(faults: readonly Fault[], carryOut: () => T | Promise<T>): Promise<T> => {
    for (const fault of faults) if (fault.kind === 'delay') await flights.guard(wait(fault.ms));
    for (const fault of faults) if (fault.kind === 'refuse') throw protocolError(fault.type);
    const answer = await flights.guard(Promise.resolve(carryOut()));
    if (!faults.some((fault) => fault.kind === 'lose')) return answer;
    epoch += 1;
    throw closed();
  };

  const pass = <T>(api: Api, carryOut: () => T | Promise<T>): Promise<T> => {
    if (isDown) return Promise.reject(refused());
    const faults = orders.take(api);
    if (faults.length > 0) return passWithFaults(faults, carryOut);
    try {
      const answer = carryOut();
      return answer instanceof Promise ? flights.guard(answer) : Promise.resolve(answer);
    } catch (error) {
      return Promise.reject(toError(error));
    }
  };

  const brokerDown = (): void => {
    if (isDown) return;
    isDown = true;
    epoch += 1;
    flights.breakAll(closed());
    onDown();
  };

  const brokerUp = (): void => {
    if (!isDown) return;
    isDown = false;
    onUp();
  };

  return {
    epoch: () => epoch,
    connect: () => {
      if (isDown) throw refused();
    },
    pass,
    faults: {
      brokerDown,
      brokerUp,
      isBrokerDown: () => isDown,
      refuse: (api, type, repeat) => orders.add(api, { kind: 'refuse', type }, repeat),
      delay: (api, ms, repeat) => orders.add(api, { kind: 'delay', ms }, repeat),
      loseAnswer: (api, repeat) => orders.add(api, { kind: 'lose' }, repeat),
      clear: () => {
        orders.clear();
        brokerUp();
      },
    },
  };
};
