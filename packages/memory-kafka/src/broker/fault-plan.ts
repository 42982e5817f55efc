import { createDeferred } from '../deferred.ts';
import { protocolErrorFields, type ProtocolErrorType } from '../protocol-errors.ts';
import { APIS, type Api } from './apis.ts';
import type { Chances, FaultHandle, RequestFaults, When } from './faults.ts';
import {
  isRequestName,
  matches,
  REQUEST_KINDS,
  type ArrivingRequest,
  type RequestFilter,
  type RequestName,
} from './requests.ts';

/** What is to happen to one request. */
export type Fault =
  | { readonly kind: 'refuse'; readonly type: ProtocolErrorType; readonly of?: RequestFilter }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'hold'; readonly until: () => Promise<void> }
  | { readonly kind: 'lose' };

const NO_FAULTS: readonly Fault[] = [];

interface Ordered {
  readonly fault: Fault;
  readonly api: Api | RequestName;
  readonly filter: RequestFilter;
  readonly probability: number | undefined;
  left: number;
  fired: number;
}

/** From JavaScript a name may be misspelt, and such a fault would never happen. */
const checkApi = (api: string): void => {
  if (APIS.some((each) => each === api) || isRequestName(api)) return;
  throw new TypeError(`${JSON.stringify(api)} is none of ${APIS.join(', ')}`);
};

const OPTIONS = new Set(['times', 'probability', 'topic', 'partition', 'groupId', 'clientId', 'nodeId']);

const checkOptions = ({ times, probability, ...rest }: When): void => {
  const unknown = Object.keys(rest).find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) throw new TypeError(`There is no option ${JSON.stringify(unknown)} of a fault`);
  if (times !== undefined && !(times >= 1)) throw new TypeError(`A fault cannot happen ${times} times`);
  if (probability !== undefined && !(probability >= 0 && probability <= 1))
    throw new TypeError(`${probability} is no probability from 0 to 1`);
};

const refusal = (type: ProtocolErrorType, of?: RequestFilter): Fault => {
  protocolErrorFields(type);
  return of === undefined ? { kind: 'refuse', type } : { kind: 'refuse', type, of };
};

const isMeant = ({ api, filter }: Ordered, request: ArrivingRequest): boolean =>
  (api === request.name || api === REQUEST_KINDS[request.name].api) && matches(request, filter);

/** The faults that are yet to happen. */
const createOrders = (random: () => number) => {
  let ordered: Ordered[] = [];
  const strikes = (each: Ordered, request: ArrivingRequest): boolean =>
    isMeant(each, request) && (each.probability === undefined || random() < each.probability);
  return {
    add: (api: Api | RequestName, fault: Fault, when: When = {}): FaultHandle => {
      checkApi(api);
      checkOptions(when);
      const { times, probability, ...filter } = when;
      const left = times ?? (probability === undefined ? 1 : Infinity);
      const order: Ordered = { fault, api, filter, probability, left, fired: 0 };
      ordered = [...ordered, order];
      const cancel = (): void => {
        ordered = ordered.filter((each) => each !== order);
      };
      return { fired: () => order.fired, cancel };
    },
    isEmpty: () => ordered.length === 0,
    take: (request: ArrivingRequest): Fault[] => {
      const striking = ordered.filter((each) => strikes(each, request));
      for (const each of striking) {
        each.left -= 1;
        each.fired += 1;
      }
      if (striking.length > 0) ordered = ordered.filter(({ left }) => left > 0);
      return striking.map(({ fault }) => fault);
    },
    clear: (): void => {
      ordered = [];
    },
  };
};

/** The faults that happen by chance, by kind of request. */
const createLottery = (random: () => number) => {
  const tickets = new Map<Api, Chances>();
  const drawn = (share: number | undefined): boolean => share !== undefined && random() < share;
  return {
    isEmpty: () => tickets.size === 0,
    set: (api: Api, chances: Chances): void => {
      checkApi(api);
      if (chances.refuse) refusal(chances.refuse.type);
      tickets.set(api, chances);
    },
    draw: (api: Api): Fault[] => {
      const { refuse, delay, loseAnswer } = tickets.get(api) ?? {};
      const faults: Fault[] = [];
      if (delay && drawn(delay.share)) faults.push({ kind: 'delay', ms: random() * delay.upToMs });
      if (refuse && drawn(refuse.share)) faults.push({ kind: 'refuse', type: refuse.type });
      if (loseAnswer && drawn(loseAnswer.share)) faults.push({ kind: 'lose' });
      return faults;
    },
    clear: () => tickets.clear(),
  };
};

type Orders = ReturnType<typeof createOrders>;

/** Requests that wait until somebody lets them go. */
const createHolds = (orders: Orders) => {
  const releases = new Set<() => void>();
  const hold: RequestFaults['hold'] = (api, when) => {
    const released = createDeferred<void>();
    let waiting = 0;
    const until = async (): Promise<void> => {
      waiting += 1;
      await released.promise.finally(() => {
        waiting -= 1;
      });
    };
    const { fired, cancel } = orders.add(api, { kind: 'hold', until }, when);
    const release = (): void => {
      cancel();
      releases.delete(release);
      released.resolve();
    };
    releases.add(release);
    return { fired, cancel: release, release, waiting: () => waiting };
  };
  return {
    hold,
    releaseAll: (): void => {
      for (const release of releases) release();
    },
  };
};

/** Where a refusal hits some of the partitions only, if it is for some only. */
const placesOf = ({ topic, partition }: When = {}): RequestFilter | undefined =>
  topic === undefined && partition === undefined
    ? undefined
    : { ...(topic === undefined ? {} : { topic }), ...(partition === undefined ? {} : { partition }) };

/** Which requests are to go wrong. */
export interface FaultPlan {
  readonly faults: Pick<RequestFaults, 'refuse' | 'delay' | 'loseAnswer' | 'chance' | 'hold'>;
  /** What happens to a request that now comes. */
  take(request: ArrivingRequest): readonly Fault[];
  clear(): void;
}

/** Nothing is to go wrong yet. */
export const createFaultPlan = (random: () => number): FaultPlan => {
  const orders = createOrders(random);
  const lottery = createLottery(random);
  const holds = createHolds(orders);
  return {
    faults: {
      refuse: (api, type, when) => orders.add(api, refusal(type, placesOf(when)), when),
      delay: (api, ms, when) => orders.add(api, { kind: 'delay', ms }, when),
      loseAnswer: (api, when) => orders.add(api, { kind: 'lose' }, when),
      hold: holds.hold,
      chance: (api, chances) => lottery.set(api, chances),
    },
    take: (request) =>
      // As with almost every request.
      orders.isEmpty() && lottery.isEmpty()
        ? NO_FAULTS
        : [...orders.take(request), ...lottery.draw(REQUEST_KINDS[request.name].api)],
    clear: () => {
      holds.releaseAll();
      orders.clear();
      lottery.clear();
    },
  };
};
