import { createDeferred } from '../deferred.ts';

/** The requests in flight, which all fail when connections break. */
export const createFlights = () => {
  const inFlight = new Set<(error: Error) => void>();
  return {
    breakAll: (error: Error): void => {
      for (const reject of inFlight) reject(error);
      inFlight.clear();
    },
    guard: async <T>(answer: Promise<T>): Promise<T> => {
      const broken = createDeferred<never>();
      inFlight.add(broken.reject);
      try {
        return await Promise.race([answer, broken.promise]);
      } finally {
        inFlight.delete(broken.reject);
      }
    },
  };
};

export type Flights = ReturnType<typeof createFlights>;
