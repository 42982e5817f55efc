import { expect, test } from '@jest/globals';
import { createHealth } from '../src/index.ts';
import { createManualTime } from './manual-time.ts';

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
