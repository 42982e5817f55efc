import type { Clock } from '../clock.ts';
import { toError } from '../errors.ts';
import type { Fault, FaultPlan } from './fault-plan.ts';
import type { Flights } from './flights.ts';
import { withFaults, type Refusals } from './refusals.ts';
import type { RequestLog } from './request-log.ts';
import type { ArrivingRequest } from './requests.ts';

/** Carries out a request, but for what is refused of it. */
export type CarryOut<T> = (refused: Refusals) => T | Promise<T>;

export interface PassageOptions {
  readonly clock: Clock;
  readonly plan: FaultPlan;
  readonly flights: Flights;
  readonly log: RequestLog;
  /** The broker that a request goes to. Throws why that cannot be reached, or refuses it. */
  destination(request: ArrivingRequest): number;
  /** What the client may not do; throws the refusal of a request that is refused as a whole. */
  authorize(request: ArrivingRequest): Refusals;
  /** Breaks all connections, and answers what those see who wait for an answer. */
  breakConnections(): Error;
}

/** The way of a request through the faults that were ordered for it. */
export const createPassage = ({
  clock,
  plan,
  flights,
  log,
  destination,
  authorize,
  breakConnections,
}: PassageOptions) => {
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));

  const passWithFaults = async <T>(
    request: ArrivingRequest,
    faults: readonly Fault[],
    carryOut: CarryOut<T>,
    nodeId: number,
  ): Promise<T> => {
    for (const fault of faults) {
      if (fault.kind === 'delay') await flights.guard(wait(fault.ms), nodeId);
      if (fault.kind === 'hold') await flights.guard(fault.until(), nodeId);
    }
    const refused = withFaults(request, faults, authorize(request));
    const answer = await flights.guard(Promise.resolve(carryOut(refused)), nodeId);
    if (!faults.some((fault) => fault.kind === 'lose')) return answer;
    throw breakConnections();
  };

  const passUnnoticed = <T>(request: ArrivingRequest, carryOut: CarryOut<T>): T | Promise<T> => {
    try {
      const nodeId = destination(request);
      const faults = plan.take(request);
      if (faults.length > 0) return passWithFaults(request, faults, carryOut, nodeId);
      const answer = carryOut(authorize(request));
      return answer instanceof Promise ? flights.guard(answer, nodeId) : answer;
    } catch (error) {
      throw toError(error);
    }
  };

  const passNoticed = async <T>(request: ArrivingRequest, carryOut: CarryOut<T>): Promise<T> => {
    const noteEnd = log.note(request);
    try {
      const answer = await passUnnoticed(request, carryOut);
      noteEnd();
      return answer;
    } catch (error) {
      noteEnd(error);
      throw error;
    }
  };

  return <T>(request: ArrivingRequest, carryOut: CarryOut<T>): T | Promise<T> =>
    log.isEmpty() ? passUnnoticed(request, carryOut) : passNoticed(request, carryOut);
};
