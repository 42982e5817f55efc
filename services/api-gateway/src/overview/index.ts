import { overviewApi } from '@order-pipeline/contracts';
import {
  ok,
  openEventStream,
  routesOf,
  unavailable,
  type Route,
  type ServiceContext,
} from '@order-pipeline/service-kit';
import { createListeners, MAX_LISTENERS } from './listeners.ts';
import { createPicture } from './picture.ts';

const RETRY_MS = 1_000;

/** What operators see of the whole pipeline, once or as it changes. */
export interface OverviewDesk {
  readonly routes: readonly Route[];
  /** Ends all streams. */
  stop(): void;
}

export const startOverview = (
  context: Pick<ServiceContext<unknown>, 'clients' | 'runtime' | 'logger' | 'metrics' | 'closers'>,
): OverviewDesk => {
  const watching = context.metrics.gauge('overview_listeners');
  watching.set({}, 0);
  const takePicture = createPicture(context);
  const listeners = createListeners({
    runtime: context.runtime,
    takePicture,
    onCount: (count) => watching.set({}, count),
  });
  const stop = (): void => listeners.stop();
  context.closers.add('streams of the overview', async () => stop());
  const routes = routesOf(overviewApi, {
    getOverview: async () => ok(await takePicture()),
    watchOverview: async (_, { signal }) => {
      if (!listeners.hasRoom())
        throw unavailable(`${MAX_LISTENERS} watch the overview here already, try again in a moment`);
      const stream = openEventStream(RETRY_MS, signal);
      listeners.add(stream);
      return stream.reply;
    },
  });
  return { routes, stop };
};
