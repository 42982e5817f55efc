import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@order-pipeline/embedded-postgres';
import { createRuntime } from '@order-pipeline/service-kit';
import { withClient } from './create-database.ts';
import { eventually } from './eventually.ts';
import { inTurn } from './in-turn.ts';
import { databasesOn, type TestPostgres } from './test-postgres.ts';
import { times } from './times.ts';

/** A streaming replica. */
export interface TestReplica {
  /** The URL on the replica of a database, which is given by its URL on the primary. */
  url(primaryUrl: string): string;
  /** Replays nothing more of what it receives, until it resumes. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Waits until it has replayed the log up to this position. */
  reaches(lsn: string): Promise<void>;
  /** Makes it a primary of its own. */
  promote(): Promise<void>;
  stop(): Promise<void>;
}

/** A primary with streaming replicas. */
export interface TestReplication {
  readonly primary: TestPostgres;
  readonly replicas: readonly TestReplica[];
  /** Waits until the replicas have replayed all that the primary has committed: databases and roles, too. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

const PRIMARY = { wal_level: 'replica', max_wal_senders: '5', wal_keep_size: '256MB' };

/** A statement that is in the way of what is to be replayed is ended at once. */
const REPLICA = { ...PRIMARY, max_standby_streaming_delay: '0', wal_retrieve_retry_interval: '100ms' };

const start = (dataDir: string, settings: Readonly<Record<string, string>>): Promise<EmbeddedPostgres> =>
  startEmbeddedPostgres({
    dataDir,
    databases: [],
    log: () => undefined,
    runtime: createRuntime(),
    durability: 'off',
    settings,
  });

/** How a replica reaches its primary, as libpq has it. */
const connectionTo = (primaryUrl: string): string => {
  const { hostname, port, username, password } = new URL(primaryUrl);
  return `host=${hostname} port=${port} user=${username} password=${decodeURIComponent(password)} sslmode=disable`;
};

const replicaOf = (server: EmbeddedPostgres): TestReplica => {
  const run = async (statement: string): Promise<void> => {
    await withClient(server.url('postgres'), (client) => client.query(statement));
  };
  return {
    url: (primaryUrl) => server.url(new URL(primaryUrl).pathname.slice(1)),
    pause: () => run('SELECT pg_wal_replay_pause()'),
    resume: () => run('SELECT pg_wal_replay_resume()'),
    reaches: (lsn) =>
      withClient(server.url('postgres'), (client) =>
        eventually(
          async () => {
            const { rows } = await client.query<{ isThere: boolean }>(
              'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS "isThere"',
              [lsn],
            );
            if (!rows[0]?.isThere) throw new Error(`the replica has not replayed ${lsn}`);
          },
          { timeoutMs: 60_000 },
        ),
      ),
    promote: () => run('SELECT pg_promote()'),
    stop: () => server.stop(),
  };
};

/** Starts an embedded PostgreSQL of its own with so many streaming replicas; none of them waits for the disk. */
export const startTestReplication = async (count = 1): Promise<TestReplication> => {
  const root = await mkdtemp(path.join(tmpdir(), 'order-pipeline-replication-'));
  const dataDirOf = (index: number): string => path.join(root, String(index));
  const running: EmbeddedPostgres[] = [];
  const stop = () =>
    inTurn(
      () => Promise.all(running.toReversed().map((server) => server.stop())),
      () => rm(root, { recursive: true, force: true, maxRetries: 5 }),
    );
  try {
    // A copy of files that no server has open.
    await (await start(dataDirOf(0), PRIMARY)).stop();
    await Promise.all(
      times(count, async (index) => {
        const dataDir = dataDirOf(index + 1);
        await cp(path.join(dataDirOf(0), 'postgres'), path.join(dataDir, 'postgres'), { recursive: true });
        await writeFile(path.join(dataDir, 'postgres', 'standby.signal'), '');
      }),
    );
    const primary = await start(dataDirOf(0), PRIMARY);
    running.push(primary);
    const url = primary.url('postgres');
    for (const index of times(count, (each) => each + 1)) {
      running.push(await start(dataDirOf(index), { ...REPLICA, primary_conninfo: connectionTo(url) }));
    }
    const replicas = running.slice(1).map(replicaOf);
    const settle = async (): Promise<void> => {
      const { rows } = await withClient(url, (client) =>
        client.query<{ lsn: string }>('SELECT pg_current_wal_flush_lsn()::text AS lsn'),
      );
      await Promise.all(replicas.map((replica) => replica.reaches(rows[0]?.lsn ?? '')));
    };
    return {
      settle,
      primary: { ...databasesOn(url, () => undefined), stop: () => primary.stop() },
      replicas,
      stop: async () => {
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
