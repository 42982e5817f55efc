import { unavailable, withTimeout, type Broker, type Runtime } from '@order-pipeline/service-kit';
import { fetchEnds, type Ends } from './lag.ts';

/** A consumer group as it is seen from outside. */
export interface GroupState {
  readonly members: number;
  /** How many messages it has still to work, over all partitions. */
  readonly lag: number;
  /**
   * How long its committed offset has not moved in a partition with lag, in milliseconds; the
   * longest of all partitions. It counts from the first look.
   */
  readonly standsForMs: number;
}

export interface GroupWatch {
  /**
   * Looks at a group that consumes `topic`.
   *
   * @throws Error when Kafka does not answer within a few seconds
   */
  look(group: string, topic: string): Promise<GroupState>;
  stop(): Promise<void>;
}

const LOOK_LIMIT_MS = 3_000;
/** The longest that closing is waited for, in milliseconds. */
const CLOSE_LIMIT_MS = 3_000;

interface Standing {
  readonly from: bigint;
  readonly since: number;
}

/** Since when each partition of a group stands where it stands; one without lag stands nowhere. */
const createStandings = (runtime: Pick<Runtime, 'monotonic'>) => {
  let standings = new Map<string, Standing>();
  return (ends: Ends): number => {
    const now = runtime.monotonic();
    const behind = Object.entries(ends).filter(([, { high, from }]) => high > from);
    standings = new Map(
      behind.map(([key, { from }]) => {
        const known = standings.get(key);
        return [key, known?.from === from ? known : { from, since: now }];
      }),
    );
    return Math.max(0, ...[...standings.values()].map(({ since }) => now - since));
  };
};

/** Watches consumer groups of any process, as often as it is asked to. */
export const createGroupWatch = (
  broker: Broker,
  clientId: string,
  runtime: Pick<Runtime, 'monotonic' | 'after'>,
): GroupWatch => {
  const admin = broker.connect(clientId).admin();
  const groups = new Map<string, ReturnType<typeof createStandings>>();
  const standingOf = (group: string) => {
    const known = groups.get(group) ?? createStandings(runtime);
    groups.set(group, known);
    return known;
  };
  const look = async (group: string, topic: string): Promise<GroupState> => {
    const ends = await fetchEnds(admin, group, [topic]);
    const described = await admin.describeGroups([group]);
    const lags = Object.values(ends).map(({ high, from }) => (high > from ? Number(high - from) : 0));
    return {
      members: described.groups.reduce((sum, { members }) => sum + members.length, 0),
      lag: lags.reduce((sum, lag) => sum + lag, 0),
      standsForMs: standingOf(group)(ends),
    };
  };
  return {
    look: (group, topic) =>
      withTimeout(runtime, LOOK_LIMIT_MS, look(group, topic), () => unavailable('Kafka does not answer')),
    stop: () =>
      withTimeout(runtime, CLOSE_LIMIT_MS, admin.disconnect(), () => unavailable('Kafka does not answer')),
  };
};
