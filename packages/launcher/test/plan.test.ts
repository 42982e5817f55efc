import { expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@order-pipeline/contracts';
import { settingsProblems } from '@order-pipeline/testing';
import { planSystem } from '../src/plan.ts';

const KAFKA = { KAFKA_BROKERS: 'kafka:9092' };

const problemsOf = (names: readonly string[], environment: Record<string, string>): readonly string[] =>
  settingsProblems(() => planSystem(names, environment));

test('without names and settings, every service runs on embedded parts', () => {
  const plan = planSystem([], {});
  expect(plan.services.map(({ service }) => service.name)).toEqual(SERVICE_NAMES);
  expect(plan).toMatchObject({ port: 3000, host: '127.0.0.1', dataDir: '.data', kafka: undefined });
  expect([...plan.databases]).toEqual([
    ['users', undefined],
    ['inventory', undefined],
    ['orders', undefined],
  ]);
});

test('services start in the order of what stands on what, however they are named', () => {
  const plan = planSystem(['orders-facade', 'users', 'orders', 'inventory'], KAFKA);
  expect(plan.services.map(({ service }) => service.name)).toEqual([
    'users',
    'inventory',
    'orders',
    'orders-facade',
  ]);
});

test('a service that runs alone takes its URLs from the settings, and only its own', () => {
  const plan = planSystem(['orders'], {
    ...KAFKA,
    KAFKA_BROKERS: 'one:9092, [::1]:9093',
    ORDERS_DATABASE_URL: 'postgresql://orders:secret@db:5432/orders',
    USERS_DATABASE_URL: 'not for this process',
    USERS_URL: 'http://users:3000',
    INVENTORY_URL: 'http://inventory:3000',
  });
  expect(plan.kafka?.brokers).toEqual(['one:9092', '[::1]:9093']);
  expect([...plan.databases]).toEqual([['orders', 'postgresql://orders:secret@db:5432/orders']]);
  expect([...plan.serviceUrls]).toEqual([
    ['users', 'http://users:3000'],
    ['inventory', 'http://inventory:3000'],
  ]);
});

test('every wrong setting of every service is named at once', () => {
  const problems = problemsOf([], {
    PORT: '70000',
    HOST: 'not a host',
    LOG_LEVEL: 'loud',
    KAFKA_BROKERS: 'kafka',
    ORDERS_DATABASE_URL: 'mysql://somewhere',
    WORKFLOW_INTERVAL_MS: 'soon',
    REPUBLISH_AFTER_MS: '-1',
    RATE_LIMIT: 'none',
  });
  const named = problems.map((problem) => problem.split(' ', 1)[0] ?? '');
  expect(named.toSorted()).toEqual([
    'HOST',
    'KAFKA_BROKERS',
    'LOG_LEVEL',
    'ORDERS_DATABASE_URL',
    'PORT',
    'RATE_LIMIT',
    'REPUBLISH_AFTER_MS',
    'WORKFLOW_INTERVAL_MS',
  ]);
  expect(problems).toContain('PORT must be a whole number from 0 to 65535, not "70000"');
});

test('a start that still sets REDRIVE_AFTER_MS, which was renamed, is refused', () => {
  const renamed = { REDRIVE_AFTER_MS: '5000' };
  const problem = 'REDRIVE_AFTER_MS was renamed REPUBLISH_AFTER_MS and must be unset, not "5000"';
  expect(problemsOf([], renamed)).toEqual([problem]);
});

test('an empty variable counts as one that is not set', () => {
  expect(planSystem([], { PORT: '', KAFKA_BROKERS: '', ORDERS_DATABASE_URL: '' })).toMatchObject({
    port: 3000,
    kafka: undefined,
  });
});

test('an unknown service is named, together with the settings that are wrong', () => {
  const problems = problemsOf(['orders', 'nowhere'], { PORT: 'x' });
  expect(problems).toHaveLength(2);
  expect(problems[0]).toMatch(/^There is no service "nowhere", only users, inventory, orders, /);
  expect(problems[1]).toMatch(/^PORT /);
});

test('services that exchange events over processes need a Kafka', () => {
  const urls = { USERS_URL: 'http://users:3000', INVENTORY_URL: 'http://inventory:3000' };
  expect(problemsOf(['orders'], urls)).toEqual([
    'KAFKA_BROKERS must be set: orders exchanges events with inventory, workflow, shipping, delivery, which does not run in this process',
  ]);
  expect(problemsOf(['orders'], { ...urls, ...KAFKA })).toEqual([]);
  expect(problemsOf(['users'], {})).toEqual([]);
  expect(problemsOf(['inventory', 'workflow', 'shipping', 'delivery', 'orders', 'users'], {})).toEqual([]);
});

test('a replica of the orders database needs its primary to be named', () => {
  const replica = { ORDERS_DATABASE_READ_URL: 'postgres://reader@replica/orders' };
  expect(problemsOf([], replica)).toEqual([
    'ORDERS_DATABASE_URL must be set where ORDERS_DATABASE_READ_URL is',
  ]);
  expect(problemsOf([], { ...replica, ORDERS_DATABASE_URL: 'postgres://orders@db/orders' })).toEqual([]);
  expect(problemsOf([], { ORDERS_DATABASE_READ_URL: 'http://replica' })).toEqual([
    'ORDERS_DATABASE_READ_URL must be a URL that starts with postgresql:// or postgres://',
  ]);
});

test('migrations run as another role only on a database that is named', () => {
  const migration = { ORDERS_MIGRATION_DATABASE_URL: 'postgres://owner@db/orders' };
  const orders = { ORDERS_DATABASE_URL: 'postgres://orders@db/orders' };
  expect(problemsOf([], migration)).toEqual([
    'ORDERS_DATABASE_URL must be set where ORDERS_MIGRATION_DATABASE_URL is',
  ]);
  expect(problemsOf([], { ...migration, ...orders })).toEqual([]);
});

test('behind PgBouncer migrations need a URL of PostgreSQL itself, or are somebody else’s', () => {
  const pooled = 'postgres://orders@pgbouncer:6432/orders?pgbouncer=true';
  const direct = 'postgres://orders@db/orders';
  const orders = (settings: Record<string, string>) => problemsOf([], settings);
  expect(orders({ ORDERS_DATABASE_URL: pooled })).toEqual([
    'ORDERS_MIGRATION_DATABASE_URL must be set where ORDERS_DATABASE_URL leads to PgBouncer, and lead to PostgreSQL itself',
  ]);
  expect(orders({ ORDERS_DATABASE_URL: pooled, ORDERS_MIGRATION_DATABASE_URL: pooled })).toEqual([
    'ORDERS_MIGRATION_DATABASE_URL must lead to PostgreSQL itself, not to PgBouncer',
  ]);
  expect(orders({ ORDERS_DATABASE_URL: pooled, ORDERS_MIGRATION_DATABASE_URL: direct })).toEqual([]);
  const others = { USERS_DATABASE_URL: direct, INVENTORY_DATABASE_URL: direct };
  expect(orders({ ...others, ORDERS_DATABASE_URL: pooled, MIGRATE: 'off' })).toEqual([]);
});

test.each(['pgbouncer=1', 'pgbouncer=true&pgbouncer=false', 'pgbouncer=true&options=-c%20jit%3Doff'])(
  'a URL with %s is refused',
  (parameters) => {
    expect(problemsOf([], { USERS_DATABASE_URL: `postgres://users@db/users?${parameters}` })).toEqual([
      'USERS_DATABASE_URL must have ?pgbouncer=true where it leads to PgBouncer, and no options then: set them for the role',
    ]);
  },
);

test('a service that asks another in another process needs its URL', () => {
  expect(
    problemsOf(['orders-facade', 'api-gateway'], { ORDERS_URL: 'http://orders:3000', USERS_URL: '' }),
  ).toEqual([
    'USERS_URL must be set: orders-facade asks users, which does not run in this process',
    'INVENTORY_URL must be set: orders-facade asks inventory, which does not run in this process',
  ]);
  expect(problemsOf(['api-gateway'], { ORDERS_FACADE_URL: 'orders-facade:3000' })).toEqual([
    'ORDERS_FACADE_URL must be a URL that starts with http:// or https://, not "orders-facade:3000"',
  ]);
});

test('a gateway that others reach is not started open, unless that is said', () => {
  expect(() => planSystem([], { HOST: '0.0.0.0' })).toThrow(
    'AUTH_ISSUER must be set while HOST is not a loopback address',
  );
  expect(planSystem([], { HOST: '0.0.0.0', AUTH: 'off' }).host).toBe('0.0.0.0');
  const issuer = { AUTH_ISSUER: 'https://id.example', AUTH_AUDIENCE: 'orders' };
  expect(planSystem([], { HOST: '0.0.0.0', ...issuer }).host).toBe('0.0.0.0');
  expect(planSystem([], { HOST: '::1' }).host).toBe('::1');
});
