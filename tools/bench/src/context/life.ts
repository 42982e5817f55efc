/** What was started for a benchmark, and has to end with it whatever happens. */
export interface Life {
  /** Takes charge of something that was started; answers how to end it early. It is ended once, however often asked. */
  opened(name: string, close: () => Promise<unknown>): () => Promise<void>;
  /** Ends everything, the last started first; one that fails is reported and left. */
  closeAll(): Promise<void>;
}

/** @param say called with what could not be ended */
export const createLife = (say: (sentence: string) => void): Life => {
  const open = new Map<object, { readonly name: string; readonly close: () => Promise<unknown> }>();
  const closing = new Map<object, Promise<void>>();
  let isOver = false;
  const end = (key: object): Promise<void> => {
    const known = closing.get(key);
    if (known) return known;
    const ending = (open.get(key)?.close() ?? Promise.resolve()).then(() => void open.delete(key));
    closing.set(key, ending);
    return ending;
  };
  return {
    opened: (name, close) => {
      const key = {};
      open.set(key, { name, close });
      // Code that was about to start something when everything was ended goes no further.
      if (isOver) void end(key);
      return () => end(key);
    },
    closeAll: async () => {
      isOver = true;
      for (const [key, { name }] of [...open].toReversed())
        await end(key).catch((error: unknown) => say(`Could not end ${name}: ${String(error)}`));
    },
  };
};
