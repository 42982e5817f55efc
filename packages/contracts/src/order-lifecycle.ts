import type { ServiceName } from './service-names.ts';

interface LifecycleStep {
  /** The only status from which an order takes this one; null: it begins here. */
  readonly from: string | null;
  /** Who causes it: a client, by a request, or the worker that moves orders here. */
  readonly by: 'client' | ServiceName;
  /** The topic on which it is announced; null: it is not. */
  readonly topic: string | null;
  /** The services that consume the topic; their consumer groups have their names. */
  readonly consumers: readonly ServiceName[];
  /** What becomes of the order's reservation: it holds stock, the stock leaves, or it goes back. */
  readonly reservation: 'HELD' | 'CONSUMED' | 'RELEASED';
  /** Whether an order ends here: no event and no worker takes it any further. */
  readonly terminal: boolean;
}

/**
 * The lifecycle of an order: everything that is known of each status, in the order in which orders take them. What else
 * the code knows of statuses and topics is derived from it or typed by it, so that the compiler names every place that a
 * new status touches. The audit and the simulation have tables of their own, since they judge this one.
 */
export const ORDER_LIFECYCLE = {
  PENDING: {
    from: null,
    by: 'client',
    topic: 'ORDER_PLACED',
    consumers: ['workflow'],
    reservation: 'HELD',
    terminal: false,
  },
  PROCESSING: {
    from: 'PENDING',
    by: 'workflow',
    topic: 'ORDER_PROCESSING',
    consumers: ['shipping'],
    reservation: 'HELD',
    terminal: false,
  },
  SHIPPED: {
    from: 'PROCESSING',
    by: 'shipping',
    topic: 'ORDER_SHIPPED',
    consumers: ['delivery', 'inventory'],
    reservation: 'CONSUMED',
    terminal: false,
  },
  DELIVERED: {
    from: 'SHIPPED',
    by: 'delivery',
    topic: 'ORDER_DELIVERED',
    consumers: [],
    reservation: 'CONSUMED',
    terminal: true,
  },
  CANCELLED: {
    from: 'PENDING',
    by: 'client',
    topic: null,
    consumers: [],
    reservation: 'RELEASED',
    terminal: true,
  },
} as const satisfies Readonly<Record<string, LifecycleStep>>;

type Lifecycle = typeof ORDER_LIFECYCLE;
export type OrderStatus = keyof Lifecycle;

/** The statuses whose step is one of `Step`. */
type StatusWith<Step> = { [S in OrderStatus]: Lifecycle[S] extends Step ? S : never }[OrderStatus];

/** A status that an order is moved to, from another one. */
type MovedStatus = StatusWith<{ readonly from: string }>;
/** A status that a worker moves orders to. */
export type WorkerTarget = StatusWith<{ readonly from: string; readonly by: ServiceName }>;
/** A status in which an order waits for its next event. */
export type StatusOnTheWay = StatusWith<{ readonly terminal: false }>;
/** A status that an event announces. */
export type AnnouncedStatus = StatusWith<{ readonly topic: string }>;
export type Topic = Lifecycle[AnnouncedStatus]['topic'];

const STEPS = Object.entries(ORDER_LIFECYCLE) as readonly (readonly [OrderStatus, LifecycleStep])[];

const statusesWhere = (holds: (step: LifecycleStep) => boolean): readonly OrderStatus[] =>
  STEPS.filter(([, step]) => holds(step)).map(([status]) => status);

export const ORDER_STATUSES = statusesWhere(() => true);

/** The statuses in which an order waits for its next event. */
export const STATUSES_ON_THE_WAY = statusesWhere(({ terminal }) => !terminal) as readonly StatusOnTheWay[];

/** The statuses that workers move orders to. */
export const WORKER_TARGETS = statusesWhere(
  ({ from, by }) => from !== null && by !== 'client',
) as readonly WorkerTarget[];

/** Each status that an order can be moved to, with the only status that it can be moved from. */
export const PREDECESSOR = Object.fromEntries(
  STEPS.flatMap(([status, { from }]) => (from === null ? [] : [[status, from]])),
) as { readonly [S in MovedStatus]: Lifecycle[S]['from'] };

/** Whether an order in `from` may still come to `to`: it is neither there nor beyond it, nor has it gone another way. */
export const mayReach = (from: OrderStatus, to: OrderStatus): boolean => {
  const before: OrderStatus | null = ORDER_LIFECYCLE[to].from;
  return before !== null && (before === from || mayReach(from, before));
};

/** The worker that moves orders on from each status in which they wait for one. */
export const NEXT_WORKER = Object.fromEntries(
  WORKER_TARGETS.map((status) => ORDER_LIFECYCLE[status])
    .filter(({ from }) => !ORDER_LIFECYCLE[from].terminal)
    .map(({ from, by }) => [from, by]),
) as Readonly<Record<StatusOnTheWay, ServiceName>>;

/** The services that only move orders on, and answer no requests. */
export const WORKERS = [...new Set(Object.values(NEXT_WORKER))];

const ANNOUNCED = statusesWhere(({ topic }) => topic !== null) as readonly AnnouncedStatus[];

/** The topic on which a status is announced. */
export const TOPIC_OF = Object.fromEntries(
  ANNOUNCED.map((status) => [status, ORDER_LIFECYCLE[status].topic]),
) as { readonly [S in AnnouncedStatus]: Lifecycle[S]['topic'] };

/** Every topic with the status that its event announces. The event's type and its topic have one name. */
export const TOPICS = Object.fromEntries(
  ANNOUNCED.map((status) => [ORDER_LIFECYCLE[status].topic, status]),
) as Readonly<Record<Topic, AnnouncedStatus>>;

export const TOPIC_NAMES = Object.keys(TOPICS) as readonly Topic[];

const publisherOf = (by: LifecycleStep['by']): ServiceName => (by === 'client' ? 'orders' : by);

/** Who publishes each topic, and who consumes it. */
export const TOPIC_PARTIES = Object.fromEntries(
  ANNOUNCED.map((status): [Topic, { from: ServiceName; to: readonly ServiceName[] }] => {
    const { topic, by, consumers } = ORDER_LIFECYCLE[status];
    return [topic, { from: publisherOf(by), to: consumers }];
  }),
) as Readonly<Record<Topic, { readonly from: ServiceName; readonly to: readonly ServiceName[] }>>;
