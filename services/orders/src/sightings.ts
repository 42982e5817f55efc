import type { Runtime } from '@order-pipeline/service-kit';

/**
 * For how long something has been seen without a break, whatever date it has.
 *
 * @param seen all that is there now; what is not among it is forgotten
 * @returns for each of it, for how many milliseconds at least it has been there
 */
export type Sightings = (seen: Iterable<string>) => ReadonlyMap<string, number>;

export const createSightings = ({ monotonic }: Pick<Runtime, 'monotonic'>): Sightings => {
  let since = new Map<string, number>();
  return (seen) => {
    const now = monotonic();
    since = new Map([...seen].map((key) => [key, since.get(key) ?? now]));
    return new Map([...since].map(([key, at]) => [key, now - at]));
  };
};
