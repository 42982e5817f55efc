import { expect, test } from '@jest/globals';
import { createTestRuntime } from '../src/index.ts';

test('work stops at the failpoint that is set, once, until it is resumed', async () => {
  const runtime = createTestRuntime();
  const stop = runtime.stopAt('worker.afterMoveBeforePublish');
  let passed = 0;
  const work = async () => {
    await runtime.failpoint('worker.afterPublishBeforeCommit');
    await runtime.failpoint('worker.afterMoveBeforePublish');
    passed += 1;
  };
  const stopped = work();
  await stop.reached;
  expect(passed).toBe(0);
  await work();
  expect(passed).toBe(1);
  stop.resume();
  await stopped;
  expect(passed).toBe(2);
});

test('parts of it can be replaced', () => {
  expect(createTestRuntime({ wallClock: () => 7 }).wallClock()).toBe(7);
});
