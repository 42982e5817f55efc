/** A promise, and what settles it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

export const createDeferred = <T>(): Deferred<T> => {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  // The waiter may have gone, for instance with its connection; that is no unhandled rejection.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
};

/** For who has nothing to wait for, as on most paths: one promise for all of them. */
export const NOTHING_TO_DO: Promise<void> = Promise.resolve();
