import { NO_LEADER, placeOn, type Placement } from './placement.ts';

/** The first broker of a cluster, and the only one of most. */
export const NODE_ID = 1;

/** The brokers of a cluster: which there are, which of them are up, and who does what. */
export interface Brokers {
  /** Counted from 1. */
  readonly ids: readonly number[];
  isUp(nodeId: number): boolean;
  /** Those that are up, in the order of their ids. */
  up(): readonly number[];
  /** Who answers what any broker can answer; the first one, while none is up. */
  any(): number;
  /** Who coordinates a group: that broker, until it goes down. */
  coordinatorOf(groupId: string): number;
  /** Places one more partition on `factor` brokers, so that leaders and replicas are spread. */
  place(factor: number): Placement;
  /** Moves a partition to these brokers, at once; those of them that are down follow when they come up. */
  reassign(placement: Placement, replicas: readonly number[]): void;
  /** These go down, and their partitions get other leaders, if there are any. */
  takeDown(nodeIds: readonly number[], placements: Iterable<Placement>): void;
  /** These come up, and get at once what they have missed. */
  bringUp(nodeIds: readonly number[], placements: Iterable<Placement>): void;
}

/** Makes a broker lead that is up and has everything. Throws TypeError for one that cannot. */
export const moveLeader = (placement: Placement, nodeId: number): void => {
  if (!placement.isr.includes(nodeId)) {
    throw new TypeError(`Broker ${nodeId} is not in sync: ${placement.isr.join(', ')} are`);
  }
  placement.leader = nodeId;
};

/** `count` brokers, all of them up. */
export const createBrokers = (count: number): Brokers => {
  const ids = Array.from({ length: count }, (_, index) => NODE_ID + index);
  const isDown = new Set<number>();
  const coordinators = new Map<string, number>();
  let placed = 0;
  const isUp = (nodeId: number): boolean => !isDown.has(nodeId);
  const up = (): number[] => ids.filter(isUp);
  const any = (): number => ids.find(isUp) ?? NODE_ID;

  /** Who is left of those that have everything; they stay in sync if nobody is. */
  const failOver = (placement: Placement): void => {
    const left = placement.isr.filter(isUp);
    if (left.length > 0) placement.isr = left;
    if (!isUp(placement.leader)) placement.leader = left[0] ?? NO_LEADER;
  };

  const comeBack = (placement: Placement): void => {
    if (placement.leader === NO_LEADER) placement.leader = placement.isr.find(isUp) ?? NO_LEADER;
    if (placement.leader === NO_LEADER) return;
    placement.isr = placement.replicas.filter(isUp);
  };

  return {
    ids,
    isUp,
    up,
    any,
    coordinatorOf: (groupId) => {
      const known = coordinators.get(groupId);
      if (known !== undefined && isUp(known)) return known;
      const candidates = up();
      const found = candidates[coordinators.size % Math.max(candidates.length, 1)] ?? NODE_ID;
      coordinators.set(groupId, found);
      return found;
    },
    place: (factor) => {
      const first = placed;
      placed += 1;
      const at = (index: number): number => ids[(first + index) % count] ?? NODE_ID;
      const replicas = Array.from({ length: Math.min(factor, count) }, (_, index) => at(index));
      // Those that are up come first: one of them leads.
      const placement = placeOn([...replicas.filter(isUp), ...replicas.filter((nodeId) => !isUp(nodeId))]);
      failOver(placement);
      return placement;
    },
    reassign: (placement, replicas) => {
      placement.replicas = replicas;
      placement.isr = replicas;
      failOver(placement);
      if (!replicas.includes(placement.leader)) placement.leader = replicas.find(isUp) ?? NO_LEADER;
    },
    takeDown: (nodeIds, placements) => {
      for (const nodeId of nodeIds) isDown.add(nodeId);
      for (const placement of placements) failOver(placement);
    },
    bringUp: (nodeIds, placements) => {
      for (const nodeId of nodeIds) isDown.delete(nodeId);
      for (const placement of placements) comeBack(placement);
    },
  };
};
