const PAUSE_MS = 20;
/** 5 s; with brokers and databases in containers scripts/test allows for more, since they may keep a service waiting. */
const TIMEOUT_MS = Number(process.env['EVENTUALLY_TIMEOUT_MS'] ?? 5_000);

/**
 * Tries `assertion` until it holds and answers what it answers.
 *
 * @param options.timeoutMs how long it may fail (default: `EVENTUALLY_TIMEOUT_MS`, or 5 s)
 * @throws what the assertion threw last, once the time is up
 */
export const eventually = async <T>(
  assertion: () => T | Promise<T>,
  { timeoutMs = TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
): Promise<T> => {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
};
