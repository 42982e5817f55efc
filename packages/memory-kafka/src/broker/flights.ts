import { toError } from '../errors.ts';

/** The requests in flight, which fail when the connections to their broker break. */
export const createFlights = () => {
  const inFlight = new Map<(error: Error) => void, number>();
  return {
    /** Lets those fail that are at one of these brokers, or all of them. */
    breakAll: (errorOf: (nodeId: number) => Error, at?: readonly number[]): void => {
      for (const [reject, nodeId] of inFlight) {
        if (at !== undefined && !at.includes(nodeId)) continue;
        inFlight.delete(reject);
        reject(errorOf(nodeId));
      }
    },
    guard: <T>(answer: Promise<T>, nodeId: number): Promise<T> =>
      new Promise<T>((resolve, reject) => {
        inFlight.set(reject, nodeId);
        answer.then(
          (value) => {
            inFlight.delete(reject);
            resolve(value);
          },
          (error: unknown) => {
            inFlight.delete(reject);
            reject(toError(error));
          },
        );
      }),
  };
};

export type Flights = ReturnType<typeof createFlights>;
