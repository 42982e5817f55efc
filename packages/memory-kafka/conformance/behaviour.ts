import { test } from '@jest/globals';
import type { Side } from './side.ts';
import { openWorld, type World } from './world.ts';

/** Real brokers make a test wait: for sessions to run out, and groups to settle. */
const TIMEOUT_MS = 60_000;
const CLOSING_MS = 15_000;

/** Declares one behaviour, which has a world of its own. */
export type DeclareBehaviour = (name: string, body: (world: World) => Promise<void>) => void;

/** A group of behaviours. */
export type Area = (behaviour: DeclareBehaviour) => void;

const closeInTime = (world: World): Promise<void> =>
  new Promise((resolve, reject) => {
    const tooLate = (): void => reject(new Error('The world could not be closed: a handler still waits'));
    const timer = setTimeout(tooLate, CLOSING_MS);
    world
      .close()
      .finally(() => clearTimeout(timer))
      .then(resolve, reject);
  });

/** Declares behaviours as tests on one side. */
export const behavioursOf =
  (side: Side): DeclareBehaviour =>
  (name, body) => {
    test(
      name,
      async () => {
        const world = await openWorld(side);
        try {
          await body(world);
        } catch (error) {
          // Where a handler still waits, closing would hide what went wrong.
          await closeInTime(world).catch(() => undefined);
          throw error;
        }
        await closeInTime(world);
      },
      TIMEOUT_MS,
    );
  };
