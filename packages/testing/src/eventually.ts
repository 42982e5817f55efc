const PAUSE_MS = 20;

/**
 * Tries `assertion` until it holds and answers what it answers.
 *
 * @param options.timeoutMs how long it may fail (default 5 s)
 * @throws what the assertion threw last, once the time is up
 */
export const eventually = async <T>(
  assertion: () => T | Promise<T>,
  { timeoutMs = 5_000 }: { readonly timeoutMs?: number } = {},
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
