import type { Mutant } from './mutants.ts';

/** Bugs that show where wall clocks are set. */
export const CLOCK_MUTANTS: readonly Mutant[] = [
  {
    name: 'what is dated ahead waits',
    bug: 'what another clock has dated ahead is left alone until that time has come',
    edits: [
      {
        file: 'packages/service-kit/src/stored-time.ts',
        find: 'ahead: iso(now + AHEAD_TOLERANCE_MS)',
        replace: "ahead: '9999-01-01T00:00:00Z'",
      },
    ],
  },
  {
    name: 'a duration by the wall clock',
    bug: 'after the clock was set back, held reservations are not looked at again for as long as it was ahead',
    edits: [
      {
        file: 'services/inventory/src/reconciler.ts',
        find: "({ monotonic }: Pick<Runtime, 'monotonic'>, againAfterMs",
        replace: "({ wallClock: monotonic }: Pick<Runtime, 'wallClock'>, againAfterMs",
      },
    ],
  },
];
