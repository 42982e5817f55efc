import { backoffMs, causeOf, logFailure, sleep } from '@order-pipeline/service-kit';
import { openSession, type Session, type SessionOptions } from './session.ts';

/** Opens one session after the other until `stopping` is aborted. */
export const keepAlive = async (
  options: SessionOptions,
  stopping: AbortSignal,
  onSession: (session: Session | undefined) => void,
): Promise<void> => {
  const { runtime, logger, progress } = options;
  const stopRequested = new Promise<void>((resolve) => {
    stopping.addEventListener('abort', () => resolve());
  });
  for (let attempt = 1; !stopping.aborted; attempt += 1) {
    const assignments = progress.assignments();
    const session = openSession(options);
    onSession(session);
    try {
      await Promise.race([session.ended, stopRequested]);
      if (!stopping.aborted) logger.warn('consumer restarting');
    } catch (error) {
      progress.failed(causeOf(error).reason);
      logFailure(logger, error, { attempt }, 'consumer could not be started, retrying');
    }
    onSession(undefined);
    await session.close();
    if (progress.assignments() > assignments) attempt = 1;
    await sleep(runtime, backoffMs(runtime, attempt, 200, 2_000), stopping);
  }
};
