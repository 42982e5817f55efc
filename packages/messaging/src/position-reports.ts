import { MAX_BATCH, orderLifecycleApi, type ServiceName } from '@order-pipeline/contracts';
import { createOwnCall, startPeriodic, type Runtime, type ServiceClients } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { SentMessage } from './answered-messages.ts';

const INTERVAL_MS = 1_000;
/** So many positions wait at most; more are dropped, and only a trace knows them. */
const MAX_WAITING = 20_000;

interface PositionReportsOptions {
  readonly clients: Pick<ServiceClients, 'call'>;
  readonly runtime: Runtime;
  readonly logger: Logger;
}

/** Reports where events stand that no consumer takes, so that their orders' history has it. */
export interface PositionReports {
  /** Takes what was sent; it neither waits nor throws. */
  add(topic: string, sent: readonly SentMessage[]): void;
  /** Reports what waits, once, and stops. */
  stop(): Promise<void>;
}

/**
 * Reports positions in batches, once a second, beside everything else: what a process had not reported when it was killed is
 * not known. While the orders service does not answer they wait, as many as there is room for.
 *
 * @param name the service that publishes them
 * @param topic the topic of the events; what is sent to others is passed over
 */
export const startPositionReports = (
  name: ServiceName,
  topic: string,
  { clients, runtime, logger }: PositionReportsOptions,
): PositionReports => {
  const waiting = new Map<string, SentMessage['position']>();
  const ownCall = createOwnCall(name, { runtime, logger });

  /** @returns whether there may be more */
  const report = async (): Promise<boolean> => {
    const batch = [...waiting].slice(0, MAX_BATCH);
    if (batch.length === 0) return false;
    const positions = batch.map(([orderId, position]) => ({ orderId, ...position }));
    await clients.call(orderLifecycleApi.recordPositions, { body: { positions } }, ownCall());
    for (const [orderId, position] of batch) {
      if (waiting.get(orderId) === position) waiting.delete(orderId);
    }
    return waiting.size > 0;
  };
  const periodic = startPeriodic({
    name: 'positions of events',
    intervalMs: INTERVAL_MS,
    runtime,
    logger,
    work: report,
  });
  return {
    add: (sentTo, sent) => {
      if (sentTo !== topic) return;
      for (const { message, position } of sent) {
        const orderId = String(message.key);
        if (waiting.size < MAX_WAITING && !waiting.has(orderId)) waiting.set(orderId, position);
      }
    },
    stop: async () => {
      await periodic.stop();
      try {
        while (await report());
      } catch (error) {
        logger.debug({ err: error, positions: waiting.size }, 'positions of events were not reported');
      }
    },
  };
};
