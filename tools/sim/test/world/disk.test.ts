import { expect, test } from '@jest/globals';
import { openFolder } from '@order-pipeline/archive';
import { createDisk, type Disk } from '../../src/world/disk.ts';
import { createSimProcess, createSlot } from '../../src/world/sim-process.ts';
import { createStreams } from '../../src/world/streams.ts';
import { createTally } from '../../src/world/tally.ts';
import { createTime } from '../../src/world/time.ts';
import type { World } from '../../src/world/world.ts';
import { createFaultInjector } from '../../src/world/fault-injector.ts';
import { createRealWork } from '../../src/world/real-work.ts';

const FILE = 'year=2026/month=01/file.parquet';
const BYTES = Buffer.from('what stands in the file');

const createCalmWorld = (seed: number): World => {
  const streams = createStreams(seed);
  const tally = createTally();
  const trace = () => undefined;
  const time = createTime({ startAt: 0, settled: async () => undefined, limitMs: 10_000 });
  const realWork = createRealWork((fn) => void time.after(0, fn));
  const faultInjector = createFaultInjector({ streams, tally, trace, isCalm: true });
  return { time, streams, tally, trace, realWork, faultInjector };
};

/** Writes a file in a process that dies after so many milliseconds; whether it was done by then. */
const writeUntil = async (world: World, disk: Disk, lifeMs: number): Promise<boolean> => {
  const process = createSimProcess(world, createSlot('archive', 'archive'));
  let isDone = false;
  void openFolder('/data/archive', disk.of(process))
    .write(FILE, BYTES, process.runtime)
    .then(() => {
      isDone = true;
    });
  world.time.after(lifeMs, () => process.die('crashes'));
  await world.time.runUntil(() => process.isDead());
  return isDone;
};

test('whenever the power fails, a file under its name is whole, and one that was written is there', async () => {
  const seen = { done: 0, missing: 0 };
  for (let seed = 1; seed <= 150; seed += 1) {
    const world = createCalmWorld(seed);
    const disk = createDisk(world);
    const isDone = await writeUntil(world, disk, seed % 2 === 0 ? 12 : (seed * 12) / 150);
    disk.losePower(world.streams('power'));
    const found = await openFolder('/data/archive', disk.direct).read(FILE);
    if (found) expect(found).toEqual(BYTES);
    else expect(isDone).toBe(false);
    if (isDone) seen.done += 1;
    if (!found) seen.missing += 1;
  }
  expect(seen.done).toBeGreaterThan(40);
  expect(seen.missing).toBeGreaterThan(20);
});

test('what is removed is gone for good', async () => {
  const world = createCalmWorld(1);
  const disk = createDisk(world);
  expect(await writeUntil(world, disk, 100)).toBe(true);
  await openFolder('/data/archive', disk.direct).remove(FILE);
  disk.losePower(world.streams('power'));
  expect(disk.now.files()).toEqual([]);
});

test('what was not synced may be lost, and what the disk keeps at least is there after every loss', async () => {
  const contents = new Set<string>();
  for (let seed = 1; seed <= 40; seed += 1) {
    const { direct, durable, now, losePower } = createDisk(createCalmWorld(seed));
    await direct.writeFile('/first', BYTES, { flush: true });
    const folder = await direct.open('/');
    await folder.sync();
    await direct.writeFile('/second', BYTES, { flush: true });
    expect(durable.files()).toEqual(['/first']);
    losePower(createStreams(seed)('power'));
    expect(now.read('/first')).toEqual(BYTES);
    contents.add(String(now.read('/second')?.toString()));
  }
  expect([...contents].toSorted()).toEqual(['undefined', BYTES.toString()]);
});

test('a folder that is not there has no files', async () => {
  const { direct } = createDisk(createCalmWorld(1));
  expect(await openFolder('/data/archive', direct).list()).toEqual([]);
});
