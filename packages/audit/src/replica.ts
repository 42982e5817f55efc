import type { DatabaseName } from '@order-pipeline/contracts';
import {
  awaitReplayed,
  causeOf,
  createRawSql,
  createRawSqlOn,
  isRecoveryConflict,
  isTransient,
  readLogPosition,
  type Runtime,
} from '@order-pipeline/service-kit';
import {
  createReader,
  openAuditPool,
  openReader,
  readOn,
  type Pool,
  type Reader,
  type Values,
} from './database.ts';

/** A replica that could not be read: what was to be checked with it is not known to be right. */
export class ReplicaUnread extends Error {
  constructor(name: DatabaseName, why: string, cause?: unknown) {
    super(`the replica of ${name} ${why}`, { cause });
    this.name = 'ReplicaUnread';
  }
}

const WHY = {
  behind: 'is too far behind, or follows another primary',
  promoted: 'is no replica',
} as const;

/** How often a statement is begun anew that the replica ended for what it had to replay. */
const MAX_TRIES = 5;

export interface ReplicaOptions {
  /** Of the primary. */
  readonly url: string;
  readonly replicaUrl: string;
  readonly pageSize: number | undefined;
  /** How long the replica is waited for at each statement, in milliseconds. */
  readonly maxLagMs: number;
  readonly runtime: Pick<Runtime, 'after' | 'monotonic'>;
}

/** Reads on one connection, once that has replayed what the primary has committed by now. */
const createRead = (
  name: DatabaseName,
  { primary, replica }: { readonly primary: Pool; readonly replica: Pool },
  options: Pick<ReplicaOptions, 'maxLagMs' | 'runtime'>,
) => {
  const primarySql = createRawSql(primary);
  const sqlOn = createRawSqlOn();
  return async <R extends object>(sql: string, values: Values): Promise<R[]> => {
    const position = await readLogPosition(primarySql);
    const client = await replica.connect();
    let problem: Error | undefined;
    try {
      const notReplayed = await awaitReplayed(sqlOn(client), position, options);
      if (notReplayed) throw new ReplicaUnread(name, WHY[notReplayed]);
      return await readOn<R>(client, sql, values);
    } catch (error) {
      problem = error as Error;
      throw error;
    } finally {
      client.release(problem);
    }
  };
};

/**
 * Opens a streaming replica for reading. Each statement sees all that the primary had committed before it began, so what is
 * found is what an audit of the primary finds. Of the primary only that position and the time are asked.
 *
 * @param name which database it is, for sentences
 * @throws Error when the primary cannot be reached. Its reader throws `ReplicaUnread` where the replica is at fault
 */
export const openReplicaReader = async (name: DatabaseName, options: ReplicaOptions): Promise<Reader> => {
  const { url, replicaUrl, pageSize } = options;
  const asked = await openReader(name, url, pageSize);
  const primary = openAuditPool(url, () => undefined);
  const replica = openAuditPool(replicaUrl, () => undefined);
  const read = createRead(name, { primary, replica }, options);
  const rows: Reader['rows'] = async <R extends object>(sql: string, values: Values = []) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await read<R>(sql, values);
      } catch (error) {
        if (isRecoveryConflict(error) && tries < MAX_TRIES) continue;
        if (error instanceof ReplicaUnread || !isTransient(error)) throw error;
        throw new ReplicaUnread(name, `did not answer: ${causeOf(error).reason}`, error);
      }
    }
  };
  const close = async (): Promise<void> => {
    await Promise.all([asked.close(), primary.end(), replica.end()]);
  };
  return { ...createReader(rows, close, pageSize), now: asked.now };
};
