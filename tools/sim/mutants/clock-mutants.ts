import type { Mutant } from './mutant.ts';

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
    bug: 'what is done again and again waits, after the clock was set back, until the old time has come again',
    edits: [
      {
        file: 'packages/service-kit/src/periodic.ts',
        find: '    else cancel = options.runtime.after(interval() - restMs, start);\n',
        replace: `    else {
      const { after, wallClock } = options.runtime as unknown as Runtime;
      const dueAt = wallClock() + interval() - restMs;
      const look = (): void => {
        if (wallClock() >= dueAt) start();
        else cancel = after(50, look);
      };
      cancel = after(50, look);
    }
`,
      },
    ],
  },
];
