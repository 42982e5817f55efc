import type { Core } from '../broker/core.ts';
import type { AskedRequest } from './connection.ts';
import type { ClusterView } from './metadata.ts';

/** The topics that an admin client of kafkajs knows of: each of its calls loads some topics in the place of all others. */
export interface LoadedTopics {
  /** The same view, whose requests are noted here. */
  readonly view: ClusterView;
  /** How many partitions a topic had when it was loaded, 0 if it was not; undefined if nothing was loaded yet. */
  partitionCount(topic: string): number | undefined;
}

/** kafkajs's `metadataMaxAge` of admin clients. */
const MAX_AGE_MS = 300_000;

/** Nothing is loaded yet. */
export const createLoadedTopics = (given: ClusterView): LoadedTopics => {
  /** Those that it loads again; all that there are, if it has none. */
  const targets = new Set<string>();
  let loaded: ReadonlyMap<string, number> | undefined;
  let expiresAt = -Infinity;

  const load = (core: Core, topics: Iterable<string>): void => {
    const wanted = [...topics];
    const found = (wanted.length === 0 ? core.topics.names() : wanted).map((name) => core.topics.find(name));
    loaded = new Map(found.flatMap((topic) => (topic ? [[topic.name, topic.partitions.length]] : [])));
    expiresAt = core.clock.monotonic() + MAX_AGE_MS;
  };

  const loadUnlessKnown = (core: Core, topics: readonly string[]): void => {
    const isKnown = loaded !== undefined && topics.every((topic) => loaded?.has(topic));
    if (!isKnown || core.clock.monotonic() > expiresAt) load(core, topics);
  };

  const target = (core: Core, topics: readonly string[]): void => {
    const existing = topics.filter((topic) => core.topics.find(topic) !== undefined);
    const isNew = existing.some((topic) => !targets.has(topic));
    for (const topic of existing) targets.add(topic);
    if (isNew) load(core, targets);
    else loadUnlessKnown(core, [...targets]);
  };

  const note = (core: Core, { name, places }: AskedRequest): void => {
    const topics = (places?.() ?? []).map(({ topic }) => topic);
    if (name === 'DeleteRecords') return;
    if (name === 'Metadata') return loadUnlessKnown(core, topics);
    if (name === 'ListOffsets' || name === 'OffsetFetch' || name === 'OffsetCommit') {
      return topics.length === 0 ? undefined : target(core, topics);
    }
    if (name === 'DeleteTopics') for (const topic of topics) targets.delete(topic);
    load(core, targets);
  };

  const request: ClusterView['request'] = (asked, carryOut) =>
    given.request(asked, (core, refused) => {
      note(core, typeof asked === 'string' ? { name: asked } : asked);
      return carryOut(core, refused);
    });

  return {
    view: {
      ...given,
      request,
      disconnect: () => {
        loaded = undefined;
        given.disconnect();
      },
    },
    partitionCount: (topic) => loaded && (loaded.get(topic) ?? 0),
  };
};
