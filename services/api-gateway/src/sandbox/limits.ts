import type { Runtime } from '@order-pipeline/service-kit';

/** Something that ends by itself. */
export interface Limited {
  /** Begins it, or lets it go on for so long from now, in milliseconds. */
  begin(forMs: number): void;
  end(): void;
  /** In milliseconds, rounded up; 0 while it is off. */
  endsInMs(): number;
}

/**
 * Sees to it that what is begun ends.
 *
 * @param end is called once for each time that it was begun
 */
export const createLimited = (
  runtime: Pick<Runtime, 'monotonic' | 'after'>,
  { begin = () => undefined, end }: { readonly begin?: () => void; readonly end: () => void },
): Limited => {
  let endsAt: number | undefined;
  let cancel = (): void => undefined;
  const stop = (): void => {
    if (endsAt === undefined) return;
    endsAt = undefined;
    cancel();
    end();
  };
  return {
    begin: (forMs) => {
      cancel();
      if (endsAt === undefined) begin();
      endsAt = runtime.monotonic() + forMs;
      cancel = runtime.after(forMs, stop);
    },
    end: stop,
    endsInMs: () => (endsAt === undefined ? 0 : Math.max(1, Math.ceil(endsAt - runtime.monotonic()))),
  };
};
