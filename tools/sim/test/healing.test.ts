import { expect, test } from '@jest/globals';
import { createFindings } from '../src/findings.ts';
import { createLook, waitForRest } from '../src/healing.ts';
import { createTime } from '../src/world/time.ts';

/** A world whose unsettled is a matter of the time that has passed, in milliseconds. */
const restOf = async (unrestAt: (ms: number) => readonly string[]) => {
  let now = 0;
  const pass = async (ms: number): Promise<void> => {
    now += ms;
  };
  const result = await waitForRest(async () => unrestAt(now), pass);
  return { ...result, endedAt: now };
};

test('a world at rest is watched for longer than what is done again and again', async () => {
  const { healedAfterMs, unsettled, endedAt } = await restOf((ms) =>
    ms < 4_000 ? ['1 orders are in progress'] : [],
  );
  expect({ healedAfterMs, unsettled }).toEqual({ healedAfterMs: 4_000, unsettled: [] });
  expect(endedAt).toBe(10_000);
});

test('what turns up after a rest is waited for like any other work', async () => {
  const late = (ms: number): boolean => ms > 5_000 && ms < 14_000;
  const { healedAfterMs, unsettled } = await restOf((ms) => (late(ms) ? ['4 reservations are held'] : []));
  expect({ healedAfterMs, unsettled }).toEqual({ healedAfterMs: 14_000, unsettled: [] });
});

test('what never comes to rest, or comes back after each rest, is reported after two minutes', async () => {
  const held = ['4 reservations are held'];
  expect((await restOf(() => held)).unsettled).toEqual(held);
  const { unsettled, endedAt } = await restOf((ms) => (ms % 7_000 === 0 ? held : []));
  expect(unsettled).toEqual(held);
  expect(endedAt).toBeLessThan(130_000);
});

test('while a process is stalled nothing is at rest, and while one is down neither', async () => {
  const time = createTime({ startAt: 0, settled: async () => undefined, limitMs: 5_000 });
  const look = async (deployment: { isUp: boolean; isAwake: boolean }) => {
    const nothing = { read: async () => [] };
    const clients = Promise.resolve();
    const atRest = createLook({
      world: { time },
      findings: createFindings(),
      server: { databases: { users: nothing, inventory: nothing, orders: nothing } },
      cluster: { inspect: () => ({ topics: [], groups: [] }) },
      echo: { nudge: () => undefined },
      deployment: { isUp: () => deployment.isUp, isAwake: () => deployment.isAwake },
      isComplete: true,
      clients,
    });
    await clients;
    return atRest();
  };
  expect(await look({ isUp: true, isAwake: true })).toEqual([]);
  expect(await look({ isUp: true, isAwake: false })).toEqual(['a process is stalled']);
  expect(await look({ isUp: false, isAwake: true })).toEqual(['not every process runs']);
});
