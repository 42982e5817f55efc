import {
  DEFAULT_FAULT_S,
  DEFAULT_SAMPLE_S,
  SANDBOX_FAULTS,
  sandboxApi,
  type Sandbox,
} from '@order-pipeline/contracts';
import {
  SECOND_MS,
  ok,
  routesOf,
  type Embedded,
  type Route,
  type ServiceContext,
} from '@order-pipeline/service-kit';
import { createLimited } from './limits.ts';
import { createSampleWorkload } from './workload.ts';

/** All of it ends so long after the page that switched it on was closed. */
const LEASE_MS = 15_000;

/** Sample orders and faults, on request. */
export interface SandboxDesk {
  readonly routes: readonly Route[];
  /** Ends everything that is on. */
  stop(): void;
}

type Context = Pick<ServiceContext<unknown>, 'clients' | 'runtime' | 'logger' | 'closers'>;

export const startSandbox = (context: Context, { faults }: Embedded): SandboxDesk => {
  const { runtime, logger, closers } = context;
  const samples = createSampleWorkload(context);
  const workload = createLimited(runtime, { end: () => samples.setRate(0) });
  const switches = SANDBOX_FAULTS.map((fault) => {
    const { on, off, hits } = faults[fault];
    return { fault, hits, ...createLimited(runtime, { begin: on, end: off }) };
  });
  const stop = (): void => {
    workload.end();
    for (const one of switches) one.end();
  };
  const lease = createLimited(runtime, { end: stop });
  closers.add('sandbox', async () => lease.end());

  const state = (): Sandbox => ({
    leaseMs: lease.endsInMs(),
    workload: { ...samples.state(), endsInMs: workload.endsInMs() },
    faults: switches.map(({ fault, endsInMs, hits }) => ({ fault, endsInMs: endsInMs(), hits: hits() })),
  });
  const renewed = () => {
    lease.begin(LEASE_MS);
    return ok(state());
  };
  const routes = routesOf(sandboxApi, {
    getSandbox: async () => ok(state()),
    renewSandbox: async () => renewed(),
    placeSamples: async ({ body: { perSecond, seconds = DEFAULT_SAMPLE_S } }, { actor }) => {
      logger.info({ perSecond, seconds, by: actor.name }, 'sample orders requested');
      if (perSecond === 0) workload.end();
      else {
        workload.begin(seconds * SECOND_MS);
        samples.setRate(perSecond);
      }
      return renewed();
    },
    switchFault: async ({ body: { fault, on, seconds = DEFAULT_FAULT_S } }, { actor }) => {
      logger.info({ fault, on, seconds, by: actor.name }, 'fault switched');
      const found = switches.find((one) => one.fault === fault);
      // Switched on again it begins anew.
      found?.end();
      if (on) found?.begin(seconds * SECOND_MS);
      return renewed();
    },
  });
  return { routes, stop: () => lease.end() };
};
