import { types } from 'node:util';

const PATIENCE_MS = 20_000;
const PAUSE_MS = 10;

/** Waits until `check` no longer throws, and gives back what it returned; after 20 s it throws what `check` threw. */
export const eventually = async <T>(check: () => T | Promise<T>): Promise<T> => {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
};

/** The error that `promise` was rejected with; throws if it was not, or with something else. */
export const rejection = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise;
  } catch (error) {
    if (types.isNativeError(error)) return error;
    throw new Error('rejected with something that is no Error', { cause: error });
  }
  throw new Error('did not reject');
};

/** The error that `fn` throws at once; throws if it does not. */
export const thrown = (fn: () => unknown): Error => {
  try {
    fn();
  } catch (error) {
    if (types.isNativeError(error)) return error;
    throw new Error('threw something that is no Error', { cause: error });
  }
  throw new Error('did not throw');
};

/** A gate that a handler waits at until the test opens it. */
export const createDoor = () => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
};
