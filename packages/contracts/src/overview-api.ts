import { Type } from 'typebox';
import { defineOperation, OPERATORS_READ, READ } from './operation.ts';
import { ORDER_STATUSES, STATUSES_ON_THE_WAY, type OrderStatus } from './order-lifecycle.ts';
import { Count, StatusSchema, Strict, Timestamp } from './schemas.ts';
import { SERVICE_NAMES } from './service-names.ts';
import { StuckReasonSchema } from './stuck-api.ts';

const perStatus = <S extends string, T extends Parameters<typeof Type.Array>[0]>(
  statuses: readonly S[],
  schema: T,
) => Strict(Object.fromEntries(statuses.map((status) => [status, schema])) as Record<S, T>);

const OrNull = <T extends Parameters<typeof Type.Array>[0]>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });

const Orders = Strict({
  byStatus: perStatus(ORDER_STATUSES, Count('Orders in this status')),
  oldestAgeMs: perStatus(
    STATUSES_ON_THE_WAY,
    OrNull(Count('How long the oldest one has been in it, in milliseconds'), 'null: none is in it'),
  ),
  perMinute: perStatus(ORDER_STATUSES, Count('Orders that entered it in the last 60 s')),
  placedToDelivered: OrNull(
    Strict({
      windowMs: Count('Over how long deliveries are looked at, in milliseconds'),
      count: Count('Deliveries in it'),
      p50Ms: Count('From placed to delivered, half of them at most, in milliseconds; to a tenth'),
      p99Ms: Count('The same for 99 of 100'),
    }),
    'null: none was delivered in the window',
  ),
  stuck: Type.Array(
    Strict({ status: StatusSchema, reason: StuckReasonSchema, count: Count('Stuck orders') }),
  ),
  loadShedding: Type.Array(Type.String(), {
    description: 'Why new orders are refused now; none: they are taken',
  }),
});

const Outbox = Strict({
  depth: Count('Events that are stored and not published yet'),
  oldestAgeMs: Count('How long the oldest one has waited, in milliseconds'),
});

const Consumers = Type.Array(
  Strict({
    group: Type.String(),
    topic: Type.String(),
    lag: Count('Messages that the group has not processed, over all partitions'),
  }),
);

const DeadLetterCounts = Type.Array(
  Strict({
    topic: Type.String(),
    group: Type.String(),
    open: Count('Dead letters that nobody has resolved; up to 10,000 are counted'),
  }),
);

const ServiceState = Strict({
  name: Type.Enum([...SERVICE_NAMES], { type: 'string' }),
  ready: Type.Boolean(),
  error: Type.Optional(Type.String({ description: 'Why it is not ready' })),
});
export type ServiceState = Type.Static<typeof ServiceState>;

const overviewParts = {
  orders: OrNull(Orders, 'null: the orders cannot be read now'),
  outbox: OrNull(Outbox, 'null: the outbox cannot be read now'),
  consumers: OrNull(Consumers, 'null: Kafka does not say'),
  deadLetters: OrNull(DeadLetterCounts, 'null: the dead letters cannot be read now'),
};

/** What the orders service knows of the whole pipeline. */
export const OrdersOverview = Strict({
  ...overviewParts,
  workers: Type.Array(ServiceState, { description: 'The services that only consume, as Kafka sees them' }),
});
export type OrdersOverview = Type.Static<typeof OrdersOverview>;

/** The whole picture at one moment. What cannot be known then is null, and `services` say why. */
export const Overview = Strict({
  at: Timestamp('When it was so'),
  ...overviewParts,
  services: Type.Array(ServiceState),
});
export type Overview = Type.Static<typeof Overview>;

const NONE = Object.fromEntries(ORDER_STATUSES.map((status) => [status, 0])) as Record<OrderStatus, number>;

const exampleParts: Omit<OrdersOverview, 'workers'> = {
  orders: {
    byStatus: { ...NONE, PENDING: 120, PROCESSING: 8, SHIPPED: 3, DELIVERED: 48_213, CANCELLED: 71 },
    oldestAgeMs: { PENDING: 41_000, PROCESSING: 900, SHIPPED: 300 },
    perMinute: { ...NONE, PENDING: 118, PROCESSING: 120, SHIPPED: 120, DELIVERED: 119, CANCELLED: 1 },
    placedToDelivered: { windowMs: 300_000, count: 590, p50Ms: 31_200, p99Ms: 61_400 },
    stuck: [],
    loadShedding: [],
  },
  outbox: { depth: 2, oldestAgeMs: 40 },
  consumers: [{ group: 'workflow', topic: 'ORDER_PLACED', lag: 12 }],
  deadLetters: [{ topic: 'ORDER_PROCESSING', group: 'shipping', open: 1 }],
};

export const exampleOverview: Overview = {
  at: '2026-01-01T12:00:00.000Z',
  ...exampleParts,
  services: SERVICE_NAMES.map((name) => ({ name, ready: true })),
};

/** What operators see of the whole pipeline; the gateway puts it together. */
export const overviewApi = {
  getOverview: defineOperation({
    owner: 'api-gateway',
    ...OPERATORS_READ,
    path: '/ops/overview',
    summary: 'Retrieve the overview',
    description: 'Where orders are, how fast they move, and the state of each part.',
    reply: Overview,
    errors: [],
    exampleReply: exampleOverview,
  }),
  watchOverview: defineOperation({
    owner: 'api-gateway',
    ...OPERATORS_READ,
    path: '/ops/events',
    summary: 'Stream the overview',
    description: 'Server-Sent Events: one `overview` a second, each the whole picture.',
    reply: Overview,
    streams: true,
    errors: [],
    exampleReply: `event: overview\ndata: ${JSON.stringify(exampleOverview)}\n\n`,
  }),
} as const;

/** What the gateway asks to put the overview together. */
export const overviewPartsApi = {
  readOrdersOverview: defineOperation({
    owner: 'orders',
    ...READ,
    path: '/internal/overview',
    access: { kind: 'services', callers: ['api-gateway', 'orders-facade'] },
    summary: 'Retrieve what the orders service knows of the pipeline',
    reply: OrdersOverview,
    errors: [],
    exampleReply: {
      ...exampleParts,
      workers: [{ name: 'workflow', ready: true }],
    },
  }),
} as const;

/** What the facade knows of the services behind it. */
export const servicesApi = {
  readServices: defineOperation({
    owner: 'orders-facade',
    ...READ,
    path: '/internal/services',
    access: { kind: 'services', callers: ['api-gateway'] },
    summary: 'List the services behind the facade',
    description: 'With whether each answers.',
    reply: Strict({ services: Type.Array(ServiceState) }),
    errors: [],
    exampleReply: { services: [{ name: 'users', ready: true }] },
  }),
} as const;
