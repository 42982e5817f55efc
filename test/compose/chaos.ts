import { appendFile } from 'node:fs/promises';
import process from 'node:process';
import { expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@order-pipeline/contracts';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import { auditCompose, type Compose } from './compose.ts';
import { setUpLoad } from './load.ts';
import type { Stack } from './stack.ts';

/** How long Kafka is away. */
const OUTAGE_MS = 30_000;
/** What has not come to its end by then never will. */
const SETTLED_MS = 30_000;

/** What was done to a system under load, and what came of it. */
interface Chaos {
  readonly what: string;
  readonly kills: number;
  readonly acknowledged: number;
}

/** Keeps the figures for docs/guarantees.md, where a file for them is named in CHAOS_REPORT. */
const record = async (chaos: Chaos): Promise<void> => {
  const file = process.env['CHAOS_REPORT'];
  if (file) await appendFile(file, `${JSON.stringify(chaos)}\n`);
};

interface Attached {
  readonly Aliases: readonly string[] | null;
}

/** Takes a container off its network, with all its connections left hanging; answers how to put it back, under all its names. */
export const cutOff = async (compose: Compose, service: string): Promise<() => Promise<void>> => {
  const container = (await compose.containers()).find(({ Service }) => Service === service)?.ID ?? '';
  const inspected = await compose.docker(
    'inspect',
    '--format',
    '{{json .NetworkSettings.Networks}}',
    container,
  );
  const [[network, { Aliases }] = ['', { Aliases: [] }]] = Object.entries(
    JSON.parse(inspected) as Record<string, Attached>,
  );
  const aliases = (Aliases ?? []).flatMap((alias) => ['--alias', alias]);
  await compose.docker('network', 'disconnect', network, container);
  return async () => {
    await compose.docker('network', 'connect', ...aliases, network, container);
  };
};

/**
 * Lets `befall` happen to the system while orders are placed, and waits until all is healed: every acknowledged order
 * delivered, the audit clean.
 *
 * @param befall answers how many processes it killed
 */
export const endure = async ({ compose, gateway }: Stack, what: string, befall: () => Promise<number>) => {
  const { placeWhile, settled } = await setUpLoad(gateway);
  let goesOn = true;
  const placing = placeWhile(() => goesOn);
  const kills = await befall().finally(() => {
    goesOn = false;
  });
  const orderIds = await placing;
  expect(orderIds.length).toBeGreaterThan(0);
  // It gives up at once when a part says that it is not well, which after all this it may for a while.
  await eventually(() => compose.run('up', '--wait', '--no-recreate'), { timeoutMs: 2 * MINUTE_MS });
  await settled(orderIds);
  await eventually(() => auditCompose(compose, SETTLED_MS), { timeoutMs: 3 * MINUTE_MS });
  await record({ what, kills, acknowledged: orderIds.length });
};

const killAll = async (compose: Compose, containers: readonly string[]): Promise<number> => {
  for (const container of containers) {
    await compose.run('kill', '--signal', 'SIGKILL', container);
    await compose.run('up', '--detach', '--no-recreate', '--no-deps', container);
  }
  return containers.length;
};

/** What may happen to containers under load, and lose nothing and do nothing twice. */
export const defineChaosTests = (use: () => Stack): void => {
  test(
    'kill -9 of every service in turn, under load, loses nothing and does nothing twice',
    async () => {
      const parts = use();
      await endure(parts, 'kill -9 of every service in turn', () => killAll(parts.compose, SERVICE_NAMES));
    },
    10 * MINUTE_MS,
  );

  test(
    'kill -9 of Kafka and of PostgreSQL, under load, loses nothing and does nothing twice',
    async () => {
      const parts = use();
      const containers = ['kafka', 'postgres', 'kafka', 'postgres'];
      await endure(parts, 'kill -9 of Kafka and of PostgreSQL, twice each', async () => {
        for (const container of containers) {
          await killAll(parts.compose, [container]);
          await eventually(() => parts.compose.run('up', '--wait', '--no-recreate', '--no-deps', container), {
            timeoutMs: MINUTE_MS,
          });
        }
        return containers.length;
      });
    },
    10 * MINUTE_MS,
  );

  test(
    'Kafka may be away for 30 s: orders are taken, and none is lost',
    async () => {
      const { compose, gateway } = use();
      const { place, placeWhile, allDelivered } = await setUpLoad(gateway);
      const before = await place(10);
      await compose.run('stop', 'kafka');
      const backAt = performance.now() + OUTAGE_MS;
      const during = await placeWhile(() => performance.now() < backAt);
      expect(during.length).toBeGreaterThan(0);
      await compose.run('start', 'kafka');
      await allDelivered([...before, ...during]);
      await record({ what: 'Kafka stopped for 30 s', kills: 0, acknowledged: before.length + during.length });
    },
    8 * MINUTE_MS,
  );

  test(
    'Kafka may be cut off from the services for 30 s, with its connections hanging: none is lost',
    async () => {
      const parts = use();
      await endure(parts, 'Kafka cut off from the network for 30 s', async () => {
        const putBack = await cutOff(parts.compose, 'kafka');
        await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
        await putBack();
        return 0;
      });
    },
    8 * MINUTE_MS,
  );
};
