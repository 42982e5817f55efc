/**
 * Does `work` for each item: begun in their order, at most `concurrency` at once. The first that fails, or an aborted
 * `signal`, ends it, once what is under way has ended.
 */
export const forEach = async <T>(
  items: readonly T[],
  { concurrency, signal }: { readonly concurrency: number; readonly signal: AbortSignal },
  work: (item: T, index: number) => Promise<void>,
): Promise<void> => {
  const entries = items.entries();
  let failed = false;
  const worker = async (): Promise<void> => {
    // The iterator is shared: each worker takes what no other has taken yet.
    for (const [index, item] of entries) {
      if (failed) return;
      signal.throwIfAborted();
      await work(item, index);
    }
  };
  const workers = Array.from({ length: concurrency }, () =>
    worker().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  const ends = await Promise.allSettled(workers);
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure) throw failure.reason;
};
