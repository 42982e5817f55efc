/** Where a partition lies. */
export interface Placement {
  /** Node ids; the first is the preferred leader. */
  replicas: readonly number[];
  /** Those of the replicas that have everything. */
  isr: readonly number[];
  /** `NO_LEADER` while none of those that have everything is up. */
  leader: number;
}

/** The leader of a partition that nobody leads. */
export const NO_LEADER = -1;

/** A partition on these brokers, all of which have everything; the first leads. */
export const placeOn = (replicas: readonly number[]): Placement => ({
  replicas,
  isr: replicas,
  leader: replicas[0] ?? NO_LEADER,
});
