import { createDeferred } from '../deferred.ts';

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
    guard: async <T>(answer: Promise<T>, nodeId: number): Promise<T> => {
      const broken = createDeferred<never>();
      inFlight.set(broken.reject, nodeId);
      try {
        return await Promise.race([answer, broken.promise]);
      } finally {
        inFlight.delete(broken.reject);
      }
    },
  };
};

export type Flights = ReturnType<typeof createFlights>;
