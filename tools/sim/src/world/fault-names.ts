/** Everything that may go wrong by chance, with how often it does where it does: a share of the occasions. */
export const CHANCE_FAULTS = {
  'http: connection refused': 0.02,
  'http: request lost': 0.015,
  'http: answer lost, connection open': 0.015,
  'http: answer lost, connection reset': 0.02,
  'http: slow': 0.04,
  'database: connection refused': 0.006,
  'database: connection lost before the statement': 0.006,
  'database: connection lost after the statement': 0.006,
  'database: serialization failure': 0.006,
  'database: deadlock': 0.004,
  'database: statement timeout': 0.003,
  'database: slow': 0.01,
  'disk: no space left': 0.01,
  'kafka: slow': 0.03,
  'process: crash at a crash point': 0.02,
  'process: pause at a crash point': 0.06,
} as const;

/** What happens at moments that the seed names beforehand. */
export const SCHEDULED_FAULTS = [
  'process: crash',
  'process: crash of several at once',
  'process: orderly restart',
  'process: orderly restart of a gateway',
  'process: stall',
  'process: clock step',
  'database: outage',
  'kafka: broker away',
  'kafka: request refused',
  'kafka: answer lost',
  'kafka: rebalance',
  'kafka: session expired',
  'kafka: delivered again from an older offset',
  'kafka: message published twice',
  'kafka: unflushed messages lost',
  'kafka: everything lost',
  'kafka: unreadable message',
] as const;

/** Wall clocks that somebody sets by hours or days: a dual boot, a bad battery, a virtual machine that was asleep. */
export const CLOCK_STEPS = [
  'clock: set far in one process',
  'clock: set far in one process, across a restart',
  'clock: set far in all processes',
  'clock: set far in all processes, across a restart',
] as const;

/** What a dependency that is there refuses for a while. It says nothing of the message that meets it. */
export const DEPENDENCY_FAULTS = [
  'database: read-only',
  'database: disk full',
  'database: too many connections',
  'kafka: producer fenced',
] as const;

/** What befalls an archive, and the machine that it runs on. */
export const ARCHIVE_FAULTS = ['archive: crash', 'archive: power lost'] as const;

/** What the issuer of tokens does to those who verify them. */
export const ISSUER_FAULTS = ['issuer: unreachable', 'issuer: key rotated'] as const;

export type ChanceFault = keyof typeof CHANCE_FAULTS;
export type ScheduledFault = (typeof SCHEDULED_FAULTS)[number];
export type ClockStep = (typeof CLOCK_STEPS)[number];
export type DependencyFault = (typeof DEPENDENCY_FAULTS)[number];
export type ArchiveFault = (typeof ARCHIVE_FAULTS)[number];
export type IssuerFault = (typeof ISSUER_FAULTS)[number];
export type FaultKind =
  ChanceFault | ScheduledFault | ClockStep | DependencyFault | ArchiveFault | IssuerFault;
