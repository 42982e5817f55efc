import { protocolErrorFields, type ProtocolErrorType } from '../protocol-errors.ts';
import { APIS, type Api, type Chances, type Repeat, type RequestFaults } from './faults.ts';

/** What is to happen to one request. */
export type Fault =
  | { readonly kind: 'refuse'; readonly type: ProtocolErrorType }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'lose' };

interface Ordered {
  readonly fault: Fault;
  left: number;
}

/** From JavaScript a name may be misspelt, and such a fault would never happen. */
const checkApi = (api: Api): void => {
  if (!APIS.includes(api)) throw new TypeError(`${JSON.stringify(api)} is none of ${APIS.join(', ')}`);
};

const refusal = (type: ProtocolErrorType): Fault => {
  protocolErrorFields(type);
  return { kind: 'refuse', type };
};

/** The faults that are yet to happen, by kind of request. */
const createOrders = () => {
  const ordered = new Map<Api, Ordered[]>();
  return {
    add: (api: Api, fault: Fault, { times = 1 }: Repeat = {}): void => {
      checkApi(api);
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

/** The faults that happen by chance, by kind of request. */
const createLottery = (random: () => number) => {
  const tickets = new Map<Api, Chances>();
  const drawn = (share: number | undefined): boolean => share !== undefined && random() < share;
  return {
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

/** Which requests are to go wrong. */
export interface FaultPlan {
  readonly faults: Pick<RequestFaults, 'refuse' | 'delay' | 'loseAnswer' | 'chance'>;
  /** What happens to a request that now comes. */
  take(api: Api): Fault[];
  clear(): void;
}

/** Nothing is to go wrong yet. */
export const createFaultPlan = (random: () => number): FaultPlan => {
  const orders = createOrders();
  const lottery = createLottery(random);
  return {
    faults: {
      refuse: (api, type, repeat) => orders.add(api, refusal(type), repeat),
      delay: (api, ms, repeat) => orders.add(api, { kind: 'delay', ms }, repeat),
      loseAnswer: (api, repeat) => orders.add(api, { kind: 'lose' }, repeat),
      chance: (api, chances) => lottery.set(api, chances),
    },
    take: (api) => [...orders.take(api), ...lottery.draw(api)],
    clear: () => {
      orders.clear();
      lottery.clear();
    },
  };
};
