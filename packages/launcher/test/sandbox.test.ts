import { expect, test } from '@jest/globals';
import type { HistoryEntry, Overview, Sandbox } from '@order-pipeline/contracts';
import { createCluster } from '@order-pipeline/memory-kafka';
import { createTestLogger, createTestRuntime, expectCleanAudit } from '@order-pipeline/testing';
import type { Infrastructure } from '../src/infrastructure.ts';
import type { System } from '../src/index.ts';
import { planSystem } from '../src/plan.ts';
import { createSandbox } from '../src/sandbox/index.ts';
import { eventually, get, ownDataDir, post, startHere } from './system-harness.ts';

ownDataDir();

const LIMIT_MS = 120_000;
const SLOW_MS = 60_000;

const state = async ({ url }: System): Promise<Sandbox> => (await get(`${url}/ops/sandbox`)) as Sandbox;
const overview = async ({ url }: System): Promise<Overview> => (await get(`${url}/ops/overview`)) as Overview;

const place = (system: System, perSecond: number) =>
  post(`${system.url}/ops/sandbox/workload`, { perSecond, seconds: 120 });

const switchTo = async ({ url }: System, fault: string, on: boolean): Promise<void> => {
  const { status } = await post(`${url}/ops/sandbox/faults`, { fault, on, seconds: 60 });
  expect(status).toBe(200);
};

const hitsOf = async (system: System, fault: string): Promise<number> =>
  (await state(system)).faults.find((one) => one.fault === fault)?.hits ?? -1;

/** Waits, as a page does that is looked at. */
const patiently = (system: System, look: () => Promise<void>): Promise<void> =>
  eventually(async () => {
    await post(`${system.url}/ops/sandbox/lease`);
    await look();
  }, SLOW_MS);

/** All orders that were placed have arrived, and nothing was lost, sold twice or done twice. */
const heals = async (system: System): Promise<void> => {
  await place(system, 0);
  await patiently(system, async () => {
    const { workload } = await state(system);
    const { orders, outbox } = await overview(system);
    expect(workload.inFlight).toBe(0);
    expect(outbox?.depth).toBe(0);
    expect(orders?.byStatus).toMatchObject({ PENDING: 0, PROCESSING: 0, SHIPPED: 0 });
    expect(orders?.byStatus.DELIVERED).toBeGreaterThanOrEqual(workload.placed);
  });
  const { databaseUrl, broker } = system.infrastructure;
  await expectCleanAudit({
    databases: {
      users: databaseUrl('users'),
      inventory: databaseUrl('inventory'),
      orders: databaseUrl('orders'),
    },
    kafka: broker.connect('audit'),
  });
};

test(
  'orders wait while the broker is away, shipping hangs, answers are lost and a consumer dies, and then arrive, each once',
  async () => {
    const system = await startHere();
    await place(system, 20);
    await patiently(system, async () =>
      expect((await overview(system)).orders?.byStatus.DELIVERED).toBeGreaterThan(5),
    );

    await switchTo(system, 'BROKER_DOWN', true);
    await patiently(system, async () => expect((await overview(system)).outbox?.depth).toBeGreaterThan(5));
    await switchTo(system, 'BROKER_DOWN', false);

    await switchTo(system, 'LOSE_ANSWERS', true);
    await patiently(system, async () => expect(await hitsOf(system, 'LOSE_ANSWERS')).toBeGreaterThan(2));
    await switchTo(system, 'LOSE_ANSWERS', false);

    await switchTo(system, 'STOP_SHIPPING', true);
    await patiently(system, async () =>
      expect((await overview(system)).orders?.byStatus.PROCESSING).toBeGreaterThan(10),
    );
    await switchTo(system, 'STOP_SHIPPING', false);

    await switchTo(system, 'KILL_CONSUMER', true);
    await patiently(system, async () => expect(await hitsOf(system, 'KILL_CONSUMER')).toBe(1));

    await switchTo(system, 'SLOW_DATABASE', true);
    await patiently(system, async () => expect(await hitsOf(system, 'SLOW_DATABASE')).toBeGreaterThan(3));
    await switchTo(system, 'SLOW_DATABASE', false);
    await heals(system);
  },
  LIMIT_MS,
);

test(
  'a consumer that is killed finishes nothing of what it had in hand; it comes again to the one that joins in its place',
  async () => {
    const system = await startHere();
    const members = () =>
      system.infrastructure.memoryCluster
        ?.inspect()
        .groups.flatMap((group) => group.members.map(({ memberId }) => `${group.groupId} ${memberId}`)) ?? [];
    await eventually(() => expect(members().length).toBeGreaterThanOrEqual(4));
    const before = members();
    await switchTo(system, 'KILL_CONSUMER', true);
    await place(system, 1);
    await patiently(system, async () => expect(await hitsOf(system, 'KILL_CONSUMER')).toBe(1));
    // It was put out of its group at once, and joins as another one.
    await eventually(() => expect(before.filter((member) => !members().includes(member))).toHaveLength(1));
    await heals(system);
    await eventually(() => expect(members()).toHaveLength(before.length));
    const [order] = (await get(`${system.url}/api/orders?limit=1`)) as { orderId: string }[];
    const history = (await get(`${system.url}/api/orders/${order?.orderId}/history`)) as HistoryEntry[];
    expect(history.map(({ status }) => status)).toEqual(['PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED']);
  },
  LIMIT_MS,
);

test(
  'a stop ends what is on, and takes no longer for it',
  async () => {
    const system = await startHere();
    await place(system, 20);
    for (const fault of ['BROKER_DOWN', 'STOP_SHIPPING', 'SLOW_DATABASE', 'KILL_CONSUMER'])
      await switchTo(system, fault, true);
    await system.stop();
    expect(system.infrastructure.memoryCluster?.faults.isBrokerDown()).toBe(false);
  },
  LIMIT_MS,
);

const isThere = (environment: Record<string, string>, services: readonly string[] = []): boolean => {
  const infrastructure = {
    memoryCluster: createCluster(),
    databaseUrl: () => '',
  } as unknown as Infrastructure;
  const around = { infrastructure, runtime: createTestRuntime(), logger: createTestLogger().logger };
  return createSandbox(planSystem(services, environment), around) !== undefined;
};

test.each([
  [{}],
  [{ HOST: '::1' }],
  [{ OPERATOR_TOKEN: 'a-token-of-the-tests' }],
  [{ AUTH_DEV_ISSUER: 'on' }],
])(
  'faults may be switched on where everything is embedded and only this machine is served: %j',
  (environment) => {
    expect(isThere(environment)).toBe(true);
  },
);

test.each([
  [{ KAFKA_BROKERS: 'kafka:9092' }],
  [{ USERS_DATABASE_URL: 'postgresql://users:secret@db:5432/users' }],
  [{ ORDERS_DATABASE_URL: 'postgresql://orders:secret@db:5432/orders' }],
  [{ AUTH_ISSUER: 'https://issuer.example.com', AUTH_AUDIENCE: 'orders' }],
  [{ AUTH: 'off' }],
  [{ AUTH: 'off', HOST: '0.0.0.0' }],
  [{ TRUSTED_PROXIES: '127.0.0.1' }],
  [{ ALLOWED_HOSTS: 'orders.example.com' }],
])('they may not where any part is elsewhere, or somebody else may come: %j', (environment) => {
  expect(isThere(environment)).toBe(false);
});

test('they may not in a process that holds a part of the services', () => {
  expect(isThere({ ORDERS_FACADE_URL: 'http://orders-facade:3000' }, ['api-gateway'])).toBe(false);
});
