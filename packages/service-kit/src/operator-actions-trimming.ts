import type { Logger } from 'pino';
import { mapTransientErrors } from './database/errors.ts';
import type { RawSql } from './database/raw-sql.ts';
import { sortableTime } from './operator-actions.ts';
import { startPeriodic, type Periodic } from './periodic.ts';
import type { Runtime } from './runtime.ts';
import { FOR_EVER, retentionMs } from './settings.ts';
import { dueTimes } from './stored-time.ts';

const YEAR_MS = 365 * 86_400_000;
const INTERVAL_MS = 3_600_000;
/** So few at a time that nobody waits for the locks. */
const BATCH = 1_000;

/** How long the record of what operators did is kept, of every service that has one. */
export const actionsSettings = {
  OPERATOR_ACTIONS_RETENTION_MS: retentionMs().default(YEAR_MS),
};

/**
 * Deletes the oldest records that are older than that by the clock of this process and by that of the database: one of them
 * alone, set ahead by mistake, must not take the record away.
 *
 * @returns how many there were
 */
const deleteOldest = (sql: RawSql, keptMs: number, runtime: Pick<Runtime, 'wallClock'>): Promise<number> => {
  const before = sortableTime(Date.parse(dueTimes(runtime, keptMs).until));
  return sql.$executeRaw`
    DELETE FROM operator_actions WHERE id IN (
      SELECT id FROM operator_actions
      WHERE id < ${before} AND at < now() - ${keptMs}::float8 * interval '1 millisecond'
      ORDER BY id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
    )`;
};

export interface ActionsTrimmingOptions {
  readonly sql: RawSql;
  /** Of `actionsSettings`. */
  readonly settings: { readonly OPERATOR_ACTIONS_RETENTION_MS: number };
  /** Whether this instance is to do it; default: each does, and takes what another has not locked. */
  readonly leads?: () => boolean;
  readonly runtime: Pick<Runtime, 'wallClock' | 'after' | 'soon'>;
  readonly logger: Logger;
}

/** Deletes records of what operators did that are too old, every hour, a batch at a time. */
export const startActionsTrimming = (options: ActionsTrimmingOptions): Periodic => {
  const { sql, settings, leads = () => true, runtime, logger } = options;
  const keptMs = settings.OPERATOR_ACTIONS_RETENTION_MS;
  const store = mapTransientErrors({ deleteOldest: () => deleteOldest(sql, keptMs, runtime) });
  return startPeriodic({
    name: 'trimming of operator actions',
    intervalMs: INTERVAL_MS,
    runtime,
    logger,
    work: async () => {
      if (keptMs === FOR_EVER || !leads()) return false;
      const deleted = await store.deleteOldest();
      if (deleted > 0) logger.info({ deleted }, 'old operator actions deleted');
      return deleted === BATCH;
    },
  });
};
