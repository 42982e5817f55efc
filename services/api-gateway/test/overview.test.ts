import { expect, test } from '@jest/globals';
import { exampleOverview, overviewPartsApi, servicesApi, type Overview } from '@order-pipeline/contracts';
import { ok, unavailable, type Route } from '@order-pipeline/service-kit';
import { eventually, startTestService, times, type TestService } from '@order-pipeline/testing';
import { apiGatewayService } from '../src/index.ts';
import { MAX_LISTENERS } from '../src/overview/listeners.ts';
import { openStream } from './event-stream.ts';
import { useListening } from './gateway.ts';

const { orders, outbox, consumers, deadLetters } = exampleOverview;
let looks = 0;
let isDown = false;

const facade: readonly Route[] = [
  {
    operation: overviewPartsApi.readOrdersOverview,
    handle: async () => {
      if (isDown) throw unavailable('The orders service does not answer');
      looks += 1;
      const workers = [{ name: 'workflow' as const, ready: false, error: 'nobody is in its consumer group' }];
      return ok({ orders, outbox, consumers, deadLetters, workers });
    },
  },
  {
    operation: servicesApi.readServices,
    handle: async () => ok({ services: [{ name: 'users' as const, ready: true }] }),
  },
];

const start = (): Promise<TestService> =>
  startTestService(apiGatewayService, { clients: { 'orders-facade': facade } });

const gateway = useListening(start);

const watch = async (at = gateway.url) => {
  const stream = await openStream(`${at}/ops/events`);
  return {
    ...stream,
    pictures: () =>
      [...stream.text().matchAll(/^event: overview\ndata: (.*)$/gm)].map(
        ([, data]) => JSON.parse(data ?? '') as Overview,
      ),
  };
};

const listening = async (on: TestService = gateway): Promise<number> => {
  const [sample] = (await on.registry.getSingleMetric('overview_listeners')?.get())?.values ?? [];
  return sample?.value ?? 0;
};
const patient = { timeoutMs: 30_000 };

test('the overview has what orders and the facade know, and the state of all services', async () => {
  // A part that a busy machine does not answer in time is null, and is there in a later picture.
  const { services, at } = await eventually(async () => {
    const overview = (await gateway.server.inject('/ops/overview')).json<Overview>();
    const all = { services: expect.anything(), at: expect.any(String) };
    expect(overview).toEqual({ ...all, orders, outbox, consumers, deadLetters });
    return overview;
  }, patient);
  expect(Date.parse(at)).not.toBeNaN();
  expect(services).toHaveLength(8);
  expect(services.filter(({ ready }) => ready).map(({ name }) => name)).toEqual([
    'users',
    'orders-facade',
    'api-gateway',
  ]);
  expect(services.find(({ name }) => name === 'workflow')?.error).toBe('nobody is in its consumer group');
});

test('it comes as events, and continues while a part cannot be reached, which is null', async () => {
  const stream = await watch();
  expect(stream.response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  await eventually(() => expect(stream.pictures().at(-1)).toMatchObject({ orders, outbox }), patient);
  isDown = true;
  await eventually(
    () => expect(stream.pictures().at(-1)).toMatchObject({ orders: null, outbox: null, consumers: null }),
    patient,
  );
  isDown = false;
  await eventually(() => expect(stream.pictures().at(-1)).toMatchObject({ orders }), patient);
  stream.leave();
  await eventually(async () => expect(await listening()).toBe(0), patient);
});

test('however many watch, one picture is taken for all of them; and none while nobody does', async () => {
  await eventually(async () => expect(await listening()).toBe(0), patient);
  const streams = await Promise.all(times(20, () => watch()));
  await eventually(() => {
    for (const stream of streams) expect(stream.pictures().length).toBeGreaterThan(1);
  }, patient);
  const before = looks;
  const counted = streams.map((stream) => stream.pictures().length);
  await eventually(() => expect(looks - before).toBeGreaterThan(1), patient);
  const more = Math.max(...streams.map((stream, index) => stream.pictures().length - (counted[index] ?? 0)));
  expect(looks - before).toBeLessThanOrEqual(more + 2);
  for (const stream of streams) stream.leave();
  await eventually(async () => expect(await listening()).toBe(0), patient);
});

test('one more than may watch is refused for now', async () => {
  const other = await start();
  const at = await other.listen();
  const streams = await Promise.all(times(MAX_LISTENERS, () => watch(at)));
  const refused = await fetch(`${at}/ops/events`);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  streams[0]?.leave();
  await eventually(async () => expect(await listening(other)).toBe(MAX_LISTENERS - 1), patient);
  const admitted = await watch(at);
  expect(admitted.response.status).toBe(200);
  for (const stream of [...streams, admitted]) stream.leave();
  await other.close();
});

test('a stop ends the streams, and is not held up by them', async () => {
  const other = await start();
  const stream = await watch(await other.listen());
  const closing = other.server.close();
  await stream.whole;
  await closing;
  await other.close();
});

test('HEAD is no stream that nobody reads', async () => {
  const response = await fetch(`${gateway.url}/ops/events`, { method: 'HEAD' });
  expect(response.status).toBe(405);
  expect(await listening()).toBe(0);
});
