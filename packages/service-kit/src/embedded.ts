import type { AuditCheck, SandboxFault } from '@order-pipeline/contracts';

/** A fault that can be switched on and off. */
export interface FaultSwitch {
  /** Begins it. */
  on(): void;
  /** Ends it, if it is on. */
  off(): void;
  /** How many requests, writes or consumers it has met since it was last switched on. */
  hits(): number;
}

/** What can be done to a system that runs in one process as a whole. */
export interface Embedded {
  readonly faults: Readonly<Record<SandboxFault, FaultSwitch>>;
  /**
   * Audits what is stored and published, as `orders audit` does.
   *
   * @param progress called with each part as it begins
   * @param signal aborted: it ends before the next part, and rejects
   * @throws Error when something cannot be read
   */
  audit(
    progress: (part: string) => void,
    signal: AbortSignal,
  ): Promise<{ readonly checks: AuditCheck[]; readonly sentence: string; readonly clean: boolean }>;
}
