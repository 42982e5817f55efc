import { coordinatorNotFound, isUnauthorized } from '../errors.ts';
import type { RequestAbout } from '../broker/requests.ts';
import type { ClusterView } from './metadata.ts';

/** What somebody coordinates. */
type Coordinated = Pick<RequestAbout, 'groupId' | 'transactionalId'>;

/** The broker that coordinates it. Rejects with KafkaJSGroupCoordinatorNotFound where the client may not know: kafkajs says no more. */
export const findCoordinator = async (view: ClusterView, about: Coordinated): Promise<number> => {
  const key = about.groupId ?? about.transactionalId ?? '';
  try {
    return await view.request({ name: 'FindCoordinator', ...about }, (core) =>
      core.brokers.coordinatorOf(key),
    );
  } catch (error) {
    throw isUnauthorized(error) ? coordinatorNotFound() : error;
  }
};

/**
 * Makes a request for which kafkajs asks for the coordinator first. Here that is asked for only where the request is refused:
 * then the client may not even know who coordinates one of them.
 */
export const findingCoordinator = async <T>(
  view: ClusterView,
  abouts: readonly Coordinated[],
  request: () => Promise<T>,
): Promise<T> => {
  try {
    return await request();
  } catch (error) {
    if (isUnauthorized(error)) for (const about of abouts) await findCoordinator(view, about);
    throw error;
  }
};
