import { expect, test } from '@jest/globals';
import { createHealth, shareReadiness } from '../src/index.ts';
import { createManualTime } from '@order-pipeline/testing';

test('with nothing to check it is ready', async () => {
  expect(await createHealth(createManualTime().runtime).readiness()).toEqual({ status: 'ready', checks: {} });
});

test('it is ready when every part is, and says of each that is not why', async () => {
  const health = createHealth(createManualTime().runtime);
  health.add('database', async () => undefined);
  expect((await health.readiness()).status).toBe('ready');
  health.add('consumer', async () => 'no progress for 30 s');
  health.add('broker', () => Promise.reject(new Error('connection refused')));
  health.add('relay', () => {
    throw new Error('at once');
  });
  expect(await health.readiness()).toEqual({
    status: 'not ready',
    checks: {
      database: 'ok',
      consumer: 'no progress for 30 s',
      broker: 'connection refused',
      relay: 'at once',
    },
  });
});

test('a part that does not answer within a second is not ready', async () => {
  const { runtime, advance } = createManualTime();
  const health = createHealth(runtime);
  health.add('database', () => new Promise(() => undefined));
  const readiness = health.readiness();
  advance(1_000);
  expect(await readiness).toEqual({ status: 'not ready', checks: { database: 'no answer' } });
});

test('a check that was taken out counts no more', async () => {
  const health = createHealth(createManualTime().runtime);
  const remove = health.add('database', async () => 'closed');
  remove();
  expect(await health.readiness()).toEqual({ status: 'ready', checks: {} });
});

test('a dependency is waited for at the start; later it is reported and no more', async () => {
  const health = createHealth(createManualTime().runtime);
  let answer: string | undefined = 'is not in its group';
  health.add('consumer', async () => answer, 'dependency');
  expect((await health.readiness()).status).toBe('not ready');
  answer = undefined;
  expect((await health.readiness()).status).toBe('ready');
  answer = 'is not in its group';
  expect(await health.readiness()).toEqual({ status: 'ready', checks: { consumer: 'is not in its group' } });
});

test('who starts while a dependency is away serves what it can after a minute', async () => {
  const { runtime, advance } = createManualTime();
  const health = createHealth(runtime);
  health.add('consumer', async () => 'is not in its group', 'dependency');
  advance(59_999);
  expect((await health.readiness()).status).toBe('not ready');
  advance(1);
  expect((await health.readiness()).status).toBe('ready');
});

test.each([
  ['what is its own counts', true, undefined],
  ['of a worker that nobody asks, what it depends on counts', false, 'dependency'],
] as const)('%s at all times', async (_, servesRequests, scope) => {
  const { runtime, advance } = createManualTime();
  const health = createHealth(runtime, { servesRequests: () => servesRequests });
  let answer: string | undefined;
  health.add('part', async () => answer, scope);
  expect((await health.readiness()).status).toBe('ready');
  answer = 'connection refused';
  advance(60_000);
  expect((await health.readiness()).status).toBe('not ready');
});

test('however many ask at once, the checks run once, and their answer is given for 250 ms', async () => {
  const { runtime, advance } = createManualTime();
  const health = createHealth(runtime);
  const readiness = shareReadiness(health, runtime);
  let runs = 0;
  let finish = (): void => undefined;
  health.add('database', async () => {
    runs += 1;
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return undefined;
  });
  const asked = Array.from({ length: 300 }, () => readiness());
  advance(900);
  const late = readiness();
  finish();
  const answers = await Promise.all([...asked, late]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['ready']));
  expect(runs).toBe(1);
  advance(249);
  expect((await readiness()).status).toBe('ready');
  expect(runs).toBe(1);
  advance(1);
  const anew = readiness();
  finish();
  expect((await anew).status).toBe('ready');
  expect(runs).toBe(2);
});
