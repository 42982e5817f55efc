import { sleep, type Runtime } from '@order-pipeline/service-kit';
import cliProgress from 'cli-progress';
import type { WriteStream } from 'node:tty';
import { formatCount } from '@order-pipeline/cli/kit';

/** What is shown while something is under way: bars, and a line below them. */
export interface View {
  readonly bars: readonly { readonly label: string; readonly value: number; readonly total: number }[];
  readonly note?: string;
}

/** Where the demo shows itself. */
export interface Screen {
  say(line: string): void;
  /** Shows what `view` answers, again and again while `work` runs. */
  during<T>(work: Promise<T>, view: () => View): Promise<T>;
}

/** A stream: a terminal, or something that is read later. */
export type Output = Pick<WriteStream, 'write'> & { readonly isTTY?: boolean };

const FRAME_MS = 100;
const LINE_INTERVAL_MS = 2_000;
const BAR_SIZE = 32;

const lineOf = ({ bars, note }: View): string =>
  [
    ...bars.map(({ label, value, total }) => `${label} ${formatCount(value)}/${formatCount(total)}`),
    ...(note === undefined ? [] : [note]),
  ].join(' · ');

/** Repeats `draw` every `intervalMs` milliseconds while `work` runs, and once after it. */
const repeat = async <T>(
  runtime: Pick<Runtime, 'after'>,
  intervalMs: number,
  work: Promise<T>,
  draw: () => void,
): Promise<T> => {
  const ended = new AbortController();
  const drawing = (async () => {
    while (!ended.signal.aborted) {
      await sleep(runtime, intervalMs, ended.signal);
      draw();
    }
  })();
  try {
    return await work;
  } finally {
    ended.abort();
    await drawing;
  }
};

const createBars = (stream: NodeJS.WritableStream, view: View) => {
  const multi = new cliProgress.MultiBar({
    stream,
    barsize: BAR_SIZE,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    gracefulExit: false,
    fps: 1_000 / FRAME_MS,
    format: '  {label} {bar} {count}',
  });
  const width = Math.max(...view.bars.map(({ label }) => label.length));
  const payload = ({ label, value, total }: View['bars'][number]) => ({
    label: label.padEnd(width),
    count: `${formatCount(value)}/${formatCount(total)}`,
  });
  const bars = view.bars.map((bar) => multi.create(bar.total, bar.value, payload(bar)));
  const note =
    view.note === undefined ? undefined : multi.create(1, 0, { note: view.note }, { format: '  {note}' });
  return {
    draw: (next: View): void => {
      next.bars.forEach((bar, index) => bars[index]?.update(bar.value, payload(bar)));
      note?.update(0, { note: next.note ?? '' });
    },
    stop: () => multi.stop(),
  };
};

/** Bars that move, on a terminal; elsewhere a line now and then, when there is something new. */
export const createScreen = (stream: Output, runtime: Pick<Runtime, 'after'>): Screen => {
  // What is said while bars are drawn would be drawn over.
  let held: string[] | undefined;
  const say = (line: string): void => {
    if (held) held.push(line);
    else stream.write(`${line}\n`);
  };
  const release = (): void => {
    const lines = held ?? [];
    held = undefined;
    lines.forEach(say);
  };
  return {
    say,
    during: async (work, view) => {
      if (!stream.isTTY) {
        let last = '';
        return repeat(runtime, LINE_INTERVAL_MS, work, () => {
          const line = lineOf(view());
          if (line !== last) say(`  ${line}`);
          last = line;
        });
      }
      const bars = createBars(stream as WriteStream, view());
      held = [];
      try {
        return await repeat(runtime, FRAME_MS, work, () => bars.draw(view()));
      } finally {
        bars.stop();
        release();
      }
    },
  };
};
