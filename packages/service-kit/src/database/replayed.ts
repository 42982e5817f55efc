import { sleep, type Runtime } from '../runtime.ts';
import type { RawSql } from './raw-sql.ts';

/** How far the log of a primary is written. */
export interface LogPosition {
  readonly lsn: string;
  /** Every promotion begins a timeline of its own: positions compare within one alone. */
  readonly timeline: number;
}

/** Why a server is not read: it is behind, or it is no replica of the primary, or none any more. */
export type NotReplayed = 'behind' | 'promoted';

/** How long to wait before a replica is asked again how far it is, in milliseconds. */
const LOOK_AGAIN_MS = 2;

/**
 * How far the log of a primary is written now: every commit that was acknowledged by now lies before. Where commits are
 * acknowledged before the log is on the disk (`synchronous_commit=off`), that is further than what is on the disk.
 *
 * @throws what the primary says; with SQLSTATE 55000 where it is no primary
 */
export const readLogPosition = async (primary: Pick<RawSql, '$queryRaw'>): Promise<LogPosition> => {
  const [row] = await primary.$queryRaw<{ lsn: string; timeline: string }[]>`
    SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS timeline,
           CASE current_setting('synchronous_commit')
             WHEN 'off' THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END::text AS lsn`;
  if (!row) throw new Error('The primary does not say how far its log is written');
  return { lsn: row.lsn, timeline: Number.parseInt(row.timeline, 16) };
};

interface Look {
  readonly isReplica: boolean;
  readonly hasReplayed: boolean;
  readonly timeline: number;
}

const look = async (replica: RawSql, { lsn }: LogPosition): Promise<Look | undefined> => {
  const [row] = await replica.$queryRaw<Look[]>`
    SELECT pg_is_in_recovery() AS "isReplica", coalesce(pg_last_wal_replay_lsn() >= ${lsn}::pg_lsn, false) AS "hasReplayed",
           (SELECT timeline_id FROM pg_control_checkpoint())::float8 AS timeline`;
  return row;
};

/**
 * Waits until a replica has replayed the log of its primary up to a position: what it reads from then on is at least as new.
 * After a promotion a replica of the new primary counts as behind until its next restartpoint, which alone tells its timeline.
 *
 * @param replica one connection, so that it is one server that is asked and then read
 * @param maxLagMs how long it is waited for
 * @returns nothing where it has, otherwise why it is not to be read
 */
export const awaitReplayed = async (
  replica: RawSql,
  position: LogPosition,
  {
    runtime,
    maxLagMs,
  }: { readonly runtime: Pick<Runtime, 'after' | 'monotonic'>; readonly maxLagMs: number },
): Promise<NotReplayed | undefined> => {
  const beganAt = runtime.monotonic();
  for (;;) {
    const seen = await look(replica, position);
    if (!seen?.isReplica) return 'promoted';
    if (seen.timeline !== position.timeline) return 'behind';
    if (seen.hasReplayed) return undefined;
    if (runtime.monotonic() - beganAt >= maxLagMs) return 'behind';
    await sleep(runtime, LOOK_AGAIN_MS);
  }
};
