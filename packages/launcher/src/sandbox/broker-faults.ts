import type { SandboxFault } from '@order-pipeline/contracts';
import type { FaultHandle, Faults } from '@order-pipeline/memory-kafka';
import type { FaultSwitch } from '@order-pipeline/service-kit';

/** As the consumer of shipping calls itself to the broker. */
const SHIPPING = 'shipping-consumer';
const ALL = 1;
const HALF = 0.5;

/** One that meets requests until it is cancelled. */
const onRequests = (begin: () => FaultHandle): FaultSwitch => {
  let handle: FaultHandle | undefined;
  return {
    on: () => {
      handle = begin();
    },
    off: () => handle?.cancel(),
    hits: () => handle?.fired() ?? 0,
  };
};

const brokerDown = (faults: Faults): FaultSwitch => {
  let hits = 0;
  return {
    on: () => {
      hits = 1;
      faults.brokerDown();
    },
    off: () => faults.brokerUp(),
    hits: () => hits,
  };
};

/** The faults that the broker in memory can inject by itself. */
export const createBrokerFaults = (
  faults: Faults,
): Pick<Record<SandboxFault, FaultSwitch>, 'BROKER_DOWN' | 'LOSE_ANSWERS' | 'STOP_SHIPPING'> => ({
  BROKER_DOWN: brokerDown(faults),
  LOSE_ANSWERS: onRequests(() => faults.loseAnswer('produce', { probability: HALF })),
  STOP_SHIPPING: onRequests(() => faults.hold('fetch', { clientId: SHIPPING, probability: ALL })),
});
