import { runArchive, type ArchiveTask } from '@order-pipeline/archive';
import { DAY_MS } from '@order-pipeline/service-kit';
import type { Findings } from '../findings.ts';
import type { RealServer } from './database/real-database.ts';
import { createSimPool } from './database/sim-pool.ts';
import { createExposure, wrongWith } from './archive-failure.ts';
import { createDisk, type Disk } from './disk.ts';
import { createSimProcess, createSlot, type SimProcess } from './sim-process.ts';
import type { World } from './world.ts';

/** The folder of the archive; neither it nor what it lies in is there at first. */
export const ARCHIVE_DIR = '/data/archive';

/** Archives that run now and then while orders are placed and moved, die, and are run again. */
export interface SimArchive {
  readonly disk: Disk;
  /** Whether something has happened since this was asked last that the checkers should look at. */
  takesLook(): boolean;
  /** Whether none runs, and the last ones have run to their ends after all faults. */
  isAtRest(): boolean;
  /** Runs the last ones. */
  heal(): void;
}

interface SimArchiveParts {
  readonly world: World;
  readonly server: RealServer;
  readonly findings: Findings;
  readonly lengthMs: number;
}

const MAX_RUNS = 6;
/** Before that hardly any order is closed. */
const FIRST_SHARE = 0.25;
const RETAIN_MS = { min: 20, max: 3_000 };
const MAX_ORDERS_PER_FILE = 8;
/** Once all faults are healed: what is closed then is archived as well. */
const LAST_RUNS = 2;
const LAST_RUN_AFTER_MS = 5_000;
const RERUN_AFTER_MS = { min: 50, max: 2_500 };
/** How many of the runs die somewhere, and when: an undisturbed one takes about so long for a few files. */
const SHARE_OF_CRASHES = 0.3;
const MAX_LIFE_MS = 90;
const SHARE_OF_STALLS = 0.15;
const MAX_STALL_MS = 10_000;
const SHARE_OF_POWER_LOSSES = 0.6;

/** What befalls one run beside what befalls all processes, as the seed says. */
const disturb = ({ time, streams, faultInjector, tally }: World, process: SimProcess): void => {
  const stream = streams('archive/crashes');
  const [dies, stalls] = [stream.chance(SHARE_OF_CRASHES), stream.chance(SHARE_OF_STALLS)];
  const [afterMs, stallMs] = [stream.between(0, MAX_LIFE_MS), stream.between(100, MAX_STALL_MS)];
  if (faultInjector.isHealed() || !(dies || stalls)) return;
  const strike = (): void => {
    if (faultInjector.isHealed()) return;
    if (stalls) process.stall(stallMs);
    if (!dies) return;
    tally.fault('archive: crash');
    process.die('crashes');
  };
  time.after(afterMs, strike, process);
};

const runtimeOf = ({ runtime }: SimProcess, onStep: () => void): ArchiveTask['runtime'] => ({
  uuid: runtime.uuid,
  failpoint: (point) => {
    onStep();
    return runtime.failpoint(point);
  },
});

/** Runs archives in processes of their own, one or more at a time. */
const createRunner = (
  { world, server, findings }: Pick<SimArchiveParts, 'world' | 'server' | 'findings'>,
  disk: Disk,
  onStep: () => void,
) => {
  const { time, streams, faultInjector, tally, trace } = world;
  const slot = createSlot('archive', 'archive');
  const power = streams('archive/power');
  const beginRun = createExposure({ isHealed: faultInjector.isHealed, now: time.now });
  let running = 0;

  const portsOf = (process: SimProcess) => ({
    orders: createSimPool({ world, process, database: server.databases.orders }),
    inventory: createSimPool({ world, process, database: server.databases.inventory }),
    disk: disk.of(process),
    clock: () => Math.floor(time.now()),
  });
  const losePower = (): void => {
    // What runs beside it is on the same machine.
    if (faultInjector.isHealed() || running > 1 || !power.chance(SHARE_OF_POWER_LOSSES)) return;
    tally.fault('archive: power lost');
    trace(slot.id, 'power lost');
    disk.losePower(power);
  };
  const judge = (error: unknown, isExposed: boolean): void => {
    trace(slot.id, `fails: ${error instanceof Error ? error.message : String(error)}`);
    const wrong = wrongWith(error, isExposed);
    if (wrong !== undefined) findings.add('an archive fails only by what befalls it', ['archive'], wrong);
  };
  const runIn = async (
    process: SimProcess,
    task: Omit<ArchiveTask, 'runtime'>,
    isExposed: boolean,
  ): Promise<boolean> => {
    try {
      const report = await runArchive(portsOf(process), { ...task, runtime: runtimeOf(process, onStep) });
      trace(slot.id, 'is done', { ...report });
      return true;
    } catch (error) {
      judge(error, isExposed);
      return false;
    }
  };
  return {
    isIdle: () => running === 0,
    /** Runs one; whether it came to its end. */
    run: async (task: Omit<ArchiveTask, 'runtime'>): Promise<boolean> => {
      const process = createSimProcess(world, slot);
      trace(slot.id, 'starts');
      running += 1;
      const { isExposed, end } = beginRun();
      const died = new Promise<false>((resolve) => void process.onDeath(() => resolve(false)));
      disturb(world, process);
      const isOver = await Promise.race([runIn(process, task, isExposed), died]);
      if (process.isDead()) losePower();
      else process.die('ends');
      running -= 1;
      end();
      onStep();
      return isOver;
    },
  };
};

export const createSimArchive = (parts: SimArchiveParts): SimArchive => {
  const { world, lengthMs } = parts;
  const { time, streams } = world;
  const disk = createDisk(world);
  const stream = streams('archive');
  const task = {
    dir: ARCHIVE_DIR,
    retainDays: stream.between(RETAIN_MS.min, RETAIN_MS.max) / DAY_MS,
    ordersPerFile: stream.integer(1, MAX_ORDERS_PER_FILE),
  };
  let isLookDue = false;
  let isDone = false;
  const runner = createRunner(parts, disk, () => {
    isLookDue = true;
  });
  const runUntilDone = async (): Promise<void> => {
    while (!(await runner.run(task)))
      await time.sleep(stream.between(RERUN_AFTER_MS.min, RERUN_AFTER_MS.max));
  };
  const runLast = async (): Promise<void> => {
    for (let runs = 0; runs < LAST_RUNS; runs += 1) {
      await runUntilDone();
      await time.sleep(LAST_RUN_AFTER_MS);
    }
    isDone = true;
  };

  for (let runs = stream.integer(1, MAX_RUNS); runs > 0; runs -= 1)
    time.after(stream.between(lengthMs * FIRST_SHARE, lengthMs), () => void runUntilDone());
  return {
    disk,
    takesLook: () => {
      const isDue = isLookDue;
      isLookDue = false;
      return isDue;
    },
    isAtRest: () => isDone && runner.isIdle(),
    heal: () => void runLast(),
  };
};
