import type { KafkaPort, Runtime } from '@order-pipeline/service-kit';
import type { AuditLimits } from '../limits.ts';

/** What every check is given. */
export interface AuditContext {
  readonly kafka: KafkaPort | undefined;
  /** Why there is no Kafka. */
  readonly kafkaMissing: string;
  readonly runtime: Runtime;
  readonly limits: AuditLimits;
  /** How many ids of each kind of violation are listed. */
  readonly exampleCount: number;
}

/** The moment `ms` milliseconds ago, for a statement. */
export const agoOf = ({ runtime }: Pick<AuditContext, 'runtime'>, ms: number): Date =>
  new Date(Math.max(0, runtime.wallClock() - ms));
