import { planWorkload } from './workload/workload.ts';
import { LOSSES, planFaults } from './world/fault-schedule.ts';
import type { World } from './world/world.ts';

/** What makes good what gets lost elsewhere: seldom enough that a seed ends before it. */
const WITHOUT_NETS = { WORKFLOW_SWEEP_INTERVAL_MS: '3600000', REPUBLISH_AFTER_MS: '3600000' };

const ENVIRONMENT = {
  WORKFLOW_INTERVAL_MS: '2500',
  WORKFLOW_SWEEP_INTERVAL_MS: '12000',
  REPUBLISH_AFTER_MS: '15000',
  RESERVATION_CHECK_AFTER_MS: '3000',
};

const SHARE_WITHOUT_NETS = 0.35;
const SHARE_WITH_ACCESS = 1 / 3;
const SHARE_WITH_TRACES = 1 / 4;
const SHARE_WITH_ARCHIVE = 1 / 3;
/** In these every item that is ordered is hot, as far as its units go. */
const SHARE_WITH_HOT_ITEMS = 1 / 2;
const HOT_ITEMS = { HOT_ITEM_ORDERS_PER_S: '1' };

/**
 * What the seed says of the whole run. Some have none of the safety nets (the republication of stuck orders, the sweep):
 * as long as Kafka loses nothing, they are not needed, and they would hide what does not work without them.
 */
export const planRun = ({ streams }: World, isCalm: boolean) => {
  const hasNets = !streams('nets').chance(SHARE_WITHOUT_NETS);
  const hasAccess = streams('access').chance(SHARE_WITH_ACCESS);
  const workload = planWorkload(streams('day'));
  const planned = isCalm ? [] : planFaults({ streams }, workload.lengthMs);
  const schedule = planned.filter(({ kind }) => hasNets || !LOSSES.includes(kind));
  return {
    workload,
    schedule,
    hasAccess,
    hasTraces: streams('traces').chance(SHARE_WITH_TRACES),
    hasArchive: streams('archive/share').chance(SHARE_WITH_ARCHIVE),
    environment: {
      ...ENVIRONMENT,
      ...(hasNets ? {} : WITHOUT_NETS),
      ...(streams('hot-items').chance(SHARE_WITH_HOT_ITEMS) ? HOT_ITEMS : {}),
    },
    isDurable: streams('kafka/durable').chance(0.5) || !hasNets,
    isComplete: !schedule.some(({ kind }) => LOSSES.includes(kind)),
  };
};

/** What a seed says of its run. */
export type Plan = ReturnType<typeof planRun>;
