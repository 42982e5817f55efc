import type { RealWork } from './real-work.ts';
import type { Streams } from './streams.ts';
import type { Tally } from './tally.ts';
import type { Time } from './time.ts';
import type { Trace } from './trace.ts';
import type { FaultInjector } from './fault-injector.ts';

/** What everything in a simulation stands on. */
export interface World {
  readonly time: Time;
  readonly streams: Streams;
  readonly faultInjector: FaultInjector;
  readonly tally: Tally;
  readonly trace: Trace;
  readonly realWork: RealWork;
}

/** What never settles: the call of somebody who has died. */
export const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
