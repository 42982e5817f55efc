import type { FileSystem } from '@order-pipeline/archive';
import type { KafkaPort, Runtime } from '@order-pipeline/service-kit';
import type { Reader } from '../database.ts';
import type { AuditLimits } from '../limits.ts';

/** What ages are measured with, in milliseconds since the epoch. */
export interface Times {
  /** By the clock of the database that the rows are in: nobody knows how that of the auditor goes. */
  readonly now: number;
  /** Up to when things could get older: now, or, where the system is stopped, when it was last active. */
  readonly asOf: number;
}

/** What every check is given. */
export interface AuditContext {
  readonly kafka: KafkaPort | undefined;
  /** Why there is no Kafka. */
  readonly kafkaMissing: string;
  readonly runtime: Runtime;
  readonly limits: AuditLimits;
  /** The folder of the archive. */
  readonly archiveDir?: string | undefined;
  /** Where it is; by default on the disk of this machine. */
  readonly archiveDisk?: FileSystem | undefined;
  /** How many ids of each kind of violation are listed. */
  readonly exampleCount: number;
  /** The times at this moment for what a database holds. */
  readonly timesOf: (reader: Reader) => Promise<Times>;
}

/** The last moment whose time PostgreSQL and JavaScript write alike. */
const LAST_MS = 253_402_300_799_000;

const dateOf = (ms: number): Date => new Date(Math.min(LAST_MS, Math.max(0, ms)));

/** The moment before which something is older than `ms` milliseconds, for a statement. */
export const agoOf = ({ asOf }: Times, ms: number): Date => dateOf(asOf - ms);

/** The moment after which a time lies ahead of the clock by more than clocks may be apart, for a statement. */
export const aheadOf = ({ now }: Times, { clockMs }: AuditLimits): Date => dateOf(now + clockMs);
