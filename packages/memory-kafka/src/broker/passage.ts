import type { Clock } from '../clock.ts';
import { toError } from '../errors.ts';
import type { Fault, FaultPlan } from './fault-plan.ts';
import type { Flights } from './flights.ts';
import { createPartitionRefusals, NOT_REFUSED, type PartitionRefusals } from './partition-refusals.ts';
import type { RequestLog } from './request-log.ts';
import type { ArrivingRequest } from './requests.ts';

/** Carries out a request, but for the partitions that are refused. */
export type CarryOut<T> = (refused: PartitionRefusals) => T | Promise<T>;

export interface PassageOptions {
  readonly clock: Clock;
  readonly plan: FaultPlan;
  readonly flights: Flights;
  readonly log: RequestLog;
  /** Why nobody can be reached; undefined if somebody can. */
  unreachable(): Error | undefined;
  /** Breaks all connections, and answers what those see who wait for an answer. */
  breakConnections(): Error;
}

/** The way of a request through the faults that were ordered for it. */
export const createPassage = ({
  clock,
  plan,
  flights,
  log,
  unreachable,
  breakConnections,
}: PassageOptions) => {
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));

  const passWithFaults = async <T>(
    request: ArrivingRequest,
    faults: readonly Fault[],
    carryOut: CarryOut<T>,
  ): Promise<T> => {
    for (const fault of faults) {
      if (fault.kind === 'delay') await flights.guard(wait(fault.ms));
      if (fault.kind === 'hold') await flights.guard(fault.until());
    }
    const refused = createPartitionRefusals(request, faults);
    const answer = await flights.guard(Promise.resolve(carryOut(refused)));
    if (!faults.some((fault) => fault.kind === 'lose')) return answer;
    throw breakConnections();
  };

  const passUnnoticed = <T>(request: ArrivingRequest, carryOut: CarryOut<T>): Promise<T> => {
    const refusal = unreachable();
    if (refusal !== undefined) return Promise.reject(refusal);
    const faults = plan.take(request);
    if (faults.length > 0) return passWithFaults(request, faults, carryOut);
    try {
      const answer = carryOut(NOT_REFUSED);
      return answer instanceof Promise ? flights.guard(answer) : Promise.resolve(answer);
    } catch (error) {
      return Promise.reject(toError(error));
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

  return <T>(request: ArrivingRequest, carryOut: CarryOut<T>): Promise<T> =>
    log.isEmpty() ? passUnnoticed(request, carryOut) : passNoticed(request, carryOut);
};
