import {
  TOPIC_PARTIES,
  WORKERS,
  type OrdersOverview,
  type ServiceName,
  type Topic,
} from '@order-pipeline/contracts';
import type { GroupState, GroupWatch } from '@order-pipeline/messaging';
import { unavailable, withTimeout, type Runtime } from '@order-pipeline/service-kit';

/** So old the answer of Kafka may be before it is asked again, and before it is taken for none. */
const ASK_AGAIN_MS = 2_000;
const TOO_OLD_MS = 6_000;
/** How long the first answer is waited for. */
const FIRST_ANSWER_MS = 500;

/** Who consumes what. Their services have no HTTP that anybody asks, but for the inventory. */
const CONSUMED = Object.entries(TOPIC_PARTIES).flatMap(([topic, { to }]) =>
  to.map((group) => ({ group, topic: topic as Topic })),
);

export interface ConsumersState {
  /** Null while Kafka does not say. */
  readonly consumers: OrdersOverview['consumers'];
  readonly workers: OrdersOverview['workers'];
}

type Groups = ReadonlyMap<string, GroupState & { readonly topic: Topic }>;

const keyOf = ({ group, topic }: { group: string; topic: string }): string => `${group} ${topic}`;

const workerOf = (name: ServiceName, groups: Groups): OrdersOverview['workers'][number] => {
  const { topic } = CONSUMED.find(({ group }) => group === name) ?? { topic: '' };
  const members = groups.get(keyOf({ group: name, topic }))?.members ?? 0;
  return members > 0
    ? { name, ready: true }
    : { name, ready: false, error: 'nobody is in its consumer group' };
};

const NOTHING_KNOWN: ConsumersState = {
  consumers: null,
  workers: WORKERS.map((name) => ({
    name,
    ready: false,
    error: 'Kafka does not say whether it consumes',
  })),
};

/**
 * How far each consumer group is behind, and whether anybody is in it. Kafka is asked every two seconds at most, however
 * many want to know, and nobody waits for an answer once there was one.
 */
export const createConsumersState = (
  watch: Pick<GroupWatch, 'look'>,
  runtime: Pick<Runtime, 'after' | 'monotonic'>,
) => {
  let latest: { readonly groups: Groups; readonly at: number } | undefined;
  let asking: Promise<void> | undefined;

  const ask = async (): Promise<void> => {
    const askedAt = runtime.monotonic();
    const looks = CONSUMED.map(
      async ({ group, topic }) =>
        [keyOf({ group, topic }), { topic, ...(await watch.look(group, topic)) }] as const,
    );
    latest = { groups: new Map(await Promise.all(looks)), at: askedAt };
  };
  const refresh = (): Promise<void> =>
    (asking ??= ask()
      // Said by what is null then.
      .catch(() => undefined)
      .finally(() => {
        asking = undefined;
      }));
  const ageMs = (): number => runtime.monotonic() - (latest?.at ?? -Infinity);

  return async (): Promise<ConsumersState> => {
    if (ageMs() > ASK_AGAIN_MS) {
      const asked = refresh();
      if (ageMs() > TOO_OLD_MS)
        await withTimeout(runtime, FIRST_ANSWER_MS, asked, () => unavailable('Kafka is slow')).catch(
          () => undefined,
        );
    }
    if (!latest || ageMs() > TOO_OLD_MS) return NOTHING_KNOWN;
    const { groups } = latest;
    return {
      consumers: CONSUMED.map((one) => ({ ...one, lag: groups.get(keyOf(one))?.lag ?? 0 })),
      workers: WORKERS.map((name) => workerOf(name, groups)),
    };
  };
};
