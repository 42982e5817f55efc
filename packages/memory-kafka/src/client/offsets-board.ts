/** One offset that has become the group's, by whatever way. */
export interface KnownCommit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * How the clients of one Kafka instance know of each other's commits: offsets that a transaction has sent are no
 * longer uncommitted for a consumer made by the same instance.
 */
export interface OffsetsBoard {
  listen(groupId: string, fn: (commit: KnownCommit) => void): () => void;
  announce(groupId: string, commit: KnownCommit): void;
}

export const createOffsetsBoard = (): OffsetsBoard => {
  const listeners = new Map<string, Set<(commit: KnownCommit) => void>>();
  return {
    listen: (groupId, fn) => {
      const group = listeners.get(groupId) ?? new Set();
      listeners.set(groupId, group.add(fn));
      return () => void group.delete(fn);
    },
    announce: (groupId, commit) => {
      for (const listener of listeners.get(groupId) ?? []) listener(commit);
    },
  };
};
