import { expect, test } from '@jest/globals';
import { parseSettings } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import { workflowService } from '../src/index.ts';
import { ago, bufferSize, fresh, HOUR_MS, startHarness, TURN_MS, WAIT } from './harness.ts';

test('orders are processed every minute and swept every five, unless the settings say otherwise', () => {
  expect(parseSettings(workflowService.settings, {})).toEqual({
    WORKFLOW_INTERVAL_MS: 60_000,
    WORKFLOW_SWEEP_INTERVAL_MS: 300_000,
  });
  expect(() => parseSettings(workflowService.settings, { WORKFLOW_INTERVAL_MS: '1 minute' })).toThrow(
    /WORKFLOW_INTERVAL_MS must be a whole number of milliseconds/,
  );
});

test('at the turn of the clock an order that is still PENDING is transitioned, and that is published', async () => {
  const { orders, probe, start, placed } = await startHarness();
  const workflow = await start(TURN_MS);
  const orderId = placed();
  const [trace] = await probe.announce('PENDING', orderId);
  const event = await probe.onlyPublished('PROCESSING', orderId, WAIT);
  expect(orders.statusOf(orderId)).toBe('PROCESSING');
  expect(orders.causesOf(orderId)).toEqual(['workflow']);
  expect(event.headers).toMatchObject({
    ce_source: '/order-pipeline/workflow',
    ce_id: `${orderId}:PROCESSING`,
  });
  expect(event.headers['traceparent']).toContain(trace?.traceId);
  await eventually(async () => expect(await bufferSize(workflow)).toBe(0), WAIT);
  await workflow.close();
  await probe.close();
});

test('before the turn of the clock an order waits in the buffer, and can be cancelled', async () => {
  const { orders, probe, start } = await startHarness();
  const workflow = await start(5 * TURN_MS);
  const [kept, cancelled] = [fresh(), fresh()];
  orders.put(kept, 'PENDING', new Date());
  orders.put(cancelled, 'PENDING', new Date());
  const before = await bufferSize(workflow);
  await probe.announce('PENDING', kept, cancelled);
  await eventually(async () => expect(await bufferSize(workflow)).toBeGreaterThanOrEqual(before + 2));
  expect(orders.asked(kept)).toBe(0);
  orders.put(cancelled, 'CANCELLED');
  await eventually(() => expect(probe.published('PROCESSING', kept)).toHaveLength(1), WAIT);
  await eventually(() => expect(orders.asked(cancelled)).toBeGreaterThan(0), WAIT);
  expect(orders.statusOf(cancelled)).toBe('CANCELLED');
  expect(probe.published('PROCESSING', cancelled)).toEqual([]);
  await workflow.close();
  await probe.close();
});

test('an order that is announced twice before the turn is moved and published once', async () => {
  const { orders, probe, start, placed } = await startHarness();
  const workflow = await start(3 * TURN_MS);
  const orderId = placed();
  await probe.announce('PENDING', orderId, orderId);
  await eventually(() => expect(orders.statusOf(orderId)).toBe('PROCESSING'), WAIT);
  await eventually(async () => expect(await bufferSize(workflow)).toBe(0), WAIT);
  expect(orders.causesOf(orderId)).toEqual(['workflow']);
  await eventually(() => expect(probe.published('PROCESSING', orderId)).toHaveLength(1), WAIT);
  await workflow.close();
  await probe.close();
});

test('a workflow that goes with a full buffer loses nothing: the next one gets it all again', async () => {
  const { orders, probe, start } = await startHarness();
  const first = await start(HOUR_MS);
  const orderIds = Array.from({ length: 50 }, fresh);
  for (const orderId of orderIds) orders.put(orderId, 'PENDING', new Date());
  await probe.announce('PENDING', ...orderIds);
  await eventually(async () => expect(await bufferSize(first)).toBeGreaterThanOrEqual(50), WAIT);
  await first.close();
  expect(orderIds.filter((orderId) => orders.statusOf(orderId) !== 'PENDING')).toEqual([]);

  const second = await start(TURN_MS);
  await eventually(() => {
    const received = orderIds.filter((orderId) => probe.published('PROCESSING', orderId).length > 0);
    expect(received).toHaveLength(50);
  }, WAIT);
  await second.close();
  await probe.close();
});

test('a workflow that dies between the move and the publish does not stop the order', async () => {
  const { orders, probe, runtime, start, placed } = await startHarness();
  const first = await start(TURN_MS);
  const orderId = placed();
  const crash = runtime.stopAt('worker.afterMoveBeforePublish');
  await probe.announce('PENDING', orderId);
  await crash.reached;
  expect(orders.statusOf(orderId)).toBe('PROCESSING');
  await first.close();
  expect(probe.published('PROCESSING', orderId)).toEqual([]);
  const second = await start(TURN_MS);
  await eventually(() => expect(probe.published('PROCESSING', orderId)).toHaveLength(1), WAIT);
  expect(orders.causesOf(orderId)).toEqual(['workflow']);
  await second.close();
  await probe.close();
});

test('what is processed is committed: the next workflow does not get it again', async () => {
  const { orders, probe, start } = await startHarness();
  const first = await start(TURN_MS);
  const [early, late] = [fresh(), fresh()];
  orders.put(early, 'PENDING', new Date());
  await probe.announce('PENDING', early);
  await eventually(() => expect(probe.published('PROCESSING', early)).toHaveLength(1), WAIT);
  await eventually(async () => expect(await bufferSize(first)).toBe(0), WAIT);
  await first.close();
  const asked = orders.asked(early);

  const second = await start(TURN_MS);
  orders.put(late, 'PENDING', new Date());
  await probe.announce('PENDING', late);
  await eventually(() => expect(probe.published('PROCESSING', late)).toHaveLength(1), WAIT);
  expect(orders.asked(early)).toBe(asked);
  await second.close();
  await probe.close();
});

test('while the orders service is down the buffer is kept, and it is processed soon after, not an interval later', async () => {
  const { orders, probe, clients, start, placed } = await startHarness();
  const workflow = await start(4 * TURN_MS);
  const orderId = placed();
  delete clients.orders;
  await probe.announce('PENDING', orderId);
  const tries = () => workflow.logs.filter(({ msg }) => msg === 'message processing failed');
  await eventually(() => expect(tries().length).toBeGreaterThan(2), WAIT);
  expect(await bufferSize(workflow)).toBeGreaterThan(0);
  clients.orders = orders.routes;
  await eventually(() => expect(orders.statusOf(orderId)).toBe('PROCESSING'), { timeoutMs: 3 * TURN_MS });
  await eventually(() => expect(probe.published('PROCESSING', orderId)).toHaveLength(1), WAIT);
  expect(probe.deadLetters(orderId)).toEqual([]);
  await workflow.close();
  await probe.close();
});

test('an order on which the orders service breaks goes to the dead letters, and the others are transitioned', async () => {
  const { orders, probe, start } = await startHarness();
  const workflow = await start(TURN_MS);
  const [broken, sound] = [fresh(), fresh()];
  orders.put(broken, 'PENDING', new Date());
  orders.put(sound, 'PENDING', new Date());
  orders.breakOrder(broken);
  await probe.announce('PENDING', broken, sound);
  await eventually(() => {
    expect(probe.published('PROCESSING', sound)).toHaveLength(1);
    expect(probe.deadLetters(broken)).toMatchObject([{ headers: { 'dlq.tries': '5' } }]);
  }, WAIT);
  await eventually(async () => expect(await bufferSize(workflow)).toBe(0), WAIT);
  await workflow.close();
  await probe.close();
});

test('it stops within seconds in the middle of processing that waits for an unavailable dependency', async () => {
  const { probe, clients, start, placed } = await startHarness();
  const workflow = await start(TURN_MS);
  const orderId = placed();
  delete clients.orders;
  await probe.announce('PENDING', orderId);
  const tries = () => workflow.logs.filter(({ msg }) => msg === 'message processing failed');
  await eventually(() => expect(tries().length).toBeGreaterThan(1), WAIT);
  const began = performance.now();
  await workflow.close();
  expect(performance.now() - began).toBeLessThan(4_000);
  expect(workflow.logs.filter(({ msg }) => msg === 'shutdown hook failed')).toEqual([]);
  await probe.close();
});

test('at start and then again and again, PENDING orders that never came to the buffer are swept', async () => {
  const { orders, probe, start } = await startHarness();
  const [old, later, young] = [fresh(), fresh(), fresh()];
  orders.put(old, 'PENDING', ago(2 * HOUR_MS));
  orders.put(young, 'PENDING', ago(HOUR_MS / 2));
  const workflow = await start(HOUR_MS, TURN_MS);
  await eventually(() => expect(probe.published('PROCESSING', old)).toHaveLength(1), WAIT);
  orders.put(later, 'PENDING', ago(2 * HOUR_MS));
  await eventually(() => expect(probe.published('PROCESSING', later)).toHaveLength(1), WAIT);
  expect(orders.causesOf(old)).toEqual(['workflow sweep']);
  expect(orders.statusOf(young)).toBe('PENDING');
  await workflow.close();
  await probe.close();
});

test('of two workflows one sweeps, and when it goes the other does', async () => {
  const { orders, probe, start } = await startHarness();
  const workflows = [await start(HOUR_MS, TURN_MS), await start(HOUR_MS, TURN_MS)];
  const broken = fresh();
  orders.put(broken, 'PENDING', ago(2 * HOUR_MS));
  orders.breakOrder(broken);
  const count = (message: string) =>
    workflows.map(({ logs }) => logs.filter(({ msg }) => msg === message).length);
  const sweeps = () => count('sweep failed for an order');
  await eventually(() => expect(count('consumer joined its group')).not.toContain(0), WAIT);
  /** An instance that sweeps three times in a row while the other does not. */
  const findLeader = () =>
    eventually(
      async () => {
        const before = sweeps();
        const since = () => sweeps().map((times, index) => times - (before[index] ?? 0));
        await eventually(() => expect(Math.max(...since())).toBeGreaterThan(2), WAIT);
        expect(since().filter((times) => times > 0)).toHaveLength(1);
        return since().findIndex((times) => times > 0);
      },
      { timeoutMs: 60_000 },
    );
  const leader = await findLeader();
  await workflows[leader]?.close();
  expect(await findLeader()).toBe(1 - leader);
  await workflows[1 - leader]?.close();
  await probe.close();
}, 120_000);

test('the sweep leaves an order that waits in the buffer', async () => {
  const { orders, probe, start } = await startHarness();
  const workflow = await start(HOUR_MS, TURN_MS);
  const [buffered, missed] = [fresh(), fresh()];
  orders.put(buffered, 'PENDING', new Date());
  await probe.announce('PENDING', buffered);
  await eventually(async () => expect(await bufferSize(workflow)).toBeGreaterThan(0), WAIT);
  orders.put(buffered, 'PENDING', ago(2 * HOUR_MS));
  orders.put(missed, 'PENDING', ago(2 * HOUR_MS));
  await eventually(() => expect(orders.statusOf(missed)).toBe('PROCESSING'), WAIT);
  expect(orders.statusOf(buffered)).toBe('PENDING');
  await workflow.close();
  await probe.close();
});

test('more overdue orders than one page holds are swept in one go', async () => {
  const { orders, start, probe } = await startHarness();
  const orderIds = Array.from({ length: 2_100 }, fresh);
  for (const orderId of orderIds) orders.put(orderId, 'PENDING', ago(2 * HOUR_MS));
  const workflow = await start(HOUR_MS);
  await eventually(() => {
    expect(orderIds.filter((orderId) => orders.statusOf(orderId) !== 'PROCESSING')).toEqual([]);
  }, WAIT);
  await workflow.close();
  await probe.close();
});

test('an order on which the orders service breaks is left by the sweep, and the others are transitioned', async () => {
  const { orders, probe, start } = await startHarness();
  const [broken = '', ...sound] = Array.from({ length: 50 }, fresh);
  for (const orderId of [...sound, broken]) orders.put(orderId, 'PENDING', ago(2 * HOUR_MS));
  orders.breakOrder(broken);
  const workflow = await start(HOUR_MS);
  await eventually(() => {
    expect(sound.filter((orderId) => orders.statusOf(orderId) !== 'PROCESSING')).toEqual([]);
  }, WAIT);
  await eventually(() => {
    const lines = workflow.logs.filter(({ msg }) => msg === 'sweep failed for an order');
    expect(lines).toEqual([expect.objectContaining({ level: 50, orderId: broken })]);
  }, WAIT);
  expect(orders.statusOf(broken)).toBe('PENDING');
  expect(orders.moves.length).toBeLessThan(20);
  await workflow.close();
  await probe.close();
});

test('a sweep that meets an orders service that is down is made up for as soon as it is back', async () => {
  const { orders, probe, clients, start } = await startHarness();
  const orderId = fresh();
  orders.put(orderId, 'PENDING', ago(2 * HOUR_MS));
  delete clients.orders;
  const workflow = await start(HOUR_MS);
  await eventually(() => {
    expect(workflow.logs.map(({ msg }) => msg)).toContain('sweep failed: dependency unavailable, retrying');
  }, WAIT);
  clients.orders = orders.routes;
  await eventually(() => expect(probe.published('PROCESSING', orderId)).toHaveLength(1), WAIT);
  await workflow.close();
  await probe.close();
});
