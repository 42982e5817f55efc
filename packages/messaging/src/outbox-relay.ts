import { startPeriodic, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { TracedEvent } from './event-codec.ts';
import type { Publisher } from './publisher.ts';

/** A page of the outbox that was published, as far as its partitions took it. */
export interface RelayedPage {
  /** How many events it had. */
  readonly taken: number;
  /** How many of them stay, because their partitions take nothing. */
  readonly held: number;
  /** The last one of the page, where there is one. */
  readonly last: string | undefined;
}

/** The outbox of a database: events that were stored in the transaction that they announce. */
export interface Outbox {
  /**
   * Takes the oldest `limit` events that nobody else has in hand, publishes them, and only then deletes them, but for those
   * that `publish` answers.
   *
   * @param page.after the last event of a page: only those behind it are taken
   */
  publishNext(
    page: { readonly limit: number; readonly after?: string | undefined },
    publish: (events: readonly TracedEvent[]) => Promise<readonly TracedEvent[]>,
  ): Promise<RelayedPage>;
}

const BATCH = 1_000;
/** How soon the instance that leads finds an event that another one, or one that died, has left; and the others. */
const POLL_INTERVAL_MS = 500;
const STANDBY_POLL_INTERVAL_MS = 10_000;
/** What is stored within this time is published in one go: a transaction costs more than the events in it. */
const REST_MS = 100;
/** Events that stay are looked through again after this time, and after this many times as long as reading them takes. */
const AGAIN_AFTER_MS = 1_000;
const AGAIN_AFTER_TIMES = 10;

export interface OutboxRelay {
  /** Says that there are new events. */
  wake(): void;
  stop(): Promise<void>;
}

/**
 * Goes through the outbox page by page. While a partition takes nothing its events stay, and must not keep those behind them
 * waiting: it continues behind them, and now and then begins anew at the oldest, which costs a tenth of the time at the most.
 * Of one order a topic has one event, so nothing is overtaken that has an order to keep.
 *
 * @returns `publish` publishes a page, and answers whether there is more; `isBehind` says whether something failed or stayed
 */
const createPaging = (
  { outbox, publisher }: Pick<RelayOptions, 'outbox' | 'publisher'>,
  { monotonic }: Pick<Runtime, 'monotonic'>,
) => {
  let after: string | undefined;
  /** What reading has taken since it began, without what Kafka took: that it refuses late is no reason to ask it rarely. */
  let readingMs = 0;
  /** When to begin anew; not before the end is reached. */
  let againAt = Infinity;
  let held = 0;
  let hasFailed = false;

  const beginAnew = (): void => {
    after = undefined;
    held = 0;
    againAt = Infinity;
    readingMs = 0;
  };
  const readPage = async (): Promise<RelayedPage> => {
    const beganAt = monotonic();
    let publishingMs = 0;
    const page = await outbox.publishNext({ limit: BATCH, after }, async (events) => {
      const sentAt = monotonic();
      const staying = await publisher.publish(events);
      publishingMs = monotonic() - sentAt;
      return staying;
    });
    readingMs += monotonic() - beganAt - publishingMs;
    return page;
  };
  const publish = async (): Promise<boolean> => {
    if (after === undefined || monotonic() >= againAt) beginAnew();
    hasFailed = true;
    const page = await readPage();
    hasFailed = false;
    const more = page.taken === BATCH;
    held += page.held;
    if (held === 0) after = undefined;
    else {
      after = page.last ?? after;
      if (!more && againAt === Infinity) {
        againAt = monotonic() + Math.max(AGAIN_AFTER_MS, AGAIN_AFTER_TIMES * readingMs);
      }
    }
    return more;
  };
  return { publish, isBehind: () => hasFailed || held > 0 };
};

interface RelayOptions {
  readonly outbox: Outbox;
  readonly publisher: Pick<Publisher, 'publish'>;
  /** Whether this instance polls for all. The others publish what they store themselves, and seldom look for more. */
  readonly leads: () => boolean;
  readonly runtime: Runtime;
  readonly logger: Logger;
}

/** Publishes what is in the outbox, at least once, as long as it runs. */
export const startOutboxRelay = (options: RelayOptions): OutboxRelay => {
  const { leads, runtime, logger } = options;
  const { publish, isBehind } = createPaging(options, runtime);
  const publishing = startPeriodic({
    name: 'outbox relay',
    intervalMs: () => (leads() || isBehind() ? POLL_INTERVAL_MS : STANDBY_POLL_INTERVAL_MS),
    restMs: REST_MS,
    atStart: true,
    runtime,
    logger,
    work: publish,
  });
  return {
    wake: () => publishing.wake(),
    stop: () => publishing.stop(),
  };
};
