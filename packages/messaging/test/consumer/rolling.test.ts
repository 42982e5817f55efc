import { expect, test } from '@jest/globals';
import { eventually } from '@order-pipeline/testing';
import { createHurriedWorld, fresh, startHarness, TOPIC, WAIT } from '../support.ts';

// On a broker in memory alone: it counts the rebalances of a group.

const MEMBERS = 8;
/** Not so fast that a busy machine lets a member miss its session timeout. */
const SPEED = 5;

/** A group of consumers, and how often it was rebalanced. */
const createGroup = () => {
  const { broker, runtime, cluster } = createHurriedWorld({ speed: SPEED });
  const group = fresh('group');
  const state = () => cluster.inspect().groups.find(({ groupId }) => groupId === group);
  return {
    startSome: (count: number) =>
      Promise.all(
        Array.from({ length: count }, async () => {
          const member = await startHarness({ broker, runtime });
          member.consume({ group, topics: [TOPIC], commitMode: 'auto', handle: async () => undefined });
          return member;
        }),
      ),
    settled: (members: number) =>
      eventually(() => {
        expect(state()).toMatchObject({ state: 'Stable' });
        expect(state()?.members).toHaveLength(members);
      }, WAIT),
    rebalances: () => state()?.generation ?? 0,
  };
};

/** Replaces all members, so many at a time, new ones first as in a deployment. @returns how often the group was rebalanced */
const replaceAll = async (atOnce: number): Promise<number> => {
  const { startSome, settled, rebalances } = createGroup();
  const old = await startSome(MEMBERS);
  const young: typeof old = [];
  await settled(MEMBERS);
  const before = rebalances();
  while (old.length > 0) {
    const leaving = old.splice(0, atOnce);
    young.push(...(await startSome(leaving.length)));
    await settled(MEMBERS + leaving.length);
    await Promise.all(leaving.map(({ service }) => service.close()));
    await settled(MEMBERS);
  }
  const count = rebalances() - before;
  await Promise.all(young.map(({ service }) => service.close()));
  return count;
};

test('a consumer that is replaced costs two rebalances: it joins once, and leaves at once', async () => {
  expect(await replaceAll(1)).toBeLessThanOrEqual(2 * MEMBERS);
}, 60_000);

test('those that are replaced together share their rebalances', async () => {
  expect(await replaceAll(MEMBERS)).toBeLessThan(MEMBERS);
}, 60_000);
