import { ArchiveError } from '@order-pipeline/archive';
import { LONGEST_TRIP_MS } from './database/sim-connection.ts';

const RUNS_ALREADY = /^Another archive of these orders is running$/;
const LOST = /^(?:Connection terminated|Client has encountered|timeout exceeded)/;

/** A run of the archive that is under way. */
export interface ExposedRun {
  /** Whether it may fail by a fault. */
  readonly isExposed: boolean;
  /** It has come to its end, or died. */
  readonly end: () => void;
}

interface ExposureParts {
  /** Whether all faults are healed. */
  readonly isHealed: () => boolean;
  /** Milliseconds of the simulation. */
  readonly now: () => number;
}

/**
 * Makes what says of each run as it begins whether it may fail by a fault. Until all are healed it may; while a run is
 * under way that began before, which a fault may have stalled with locks that others need; and as long as the last statement of
 * one that has died may be on its way, since its transaction stays open until then.
 */
export const createExposure = ({ isHealed, now }: ExposureParts): (() => ExposedRun) => {
  let runsFromBefore = 0;
  let firstHealedAt: number | undefined;
  return () => {
    const isFromBefore = !isHealed();
    if (isFromBefore) runsFromBefore += 1;
    else firstHealedAt ??= now();
    const isSoon = now() - (firstHealedAt ?? now()) <= LONGEST_TRIP_MS;
    return {
      isExposed: isFromBefore || runsFromBefore > 0 || isSoon,
      end: () => {
        if (isFromBefore) runsFromBefore -= 1;
      },
    };
  };
};

/**
 * Why an archive must not have failed like this; nothing where it met a fault, or another archive.
 *
 * @param isExposed whether it may have failed by a fault
 */
export const wrongWith = (error: unknown, isExposed: boolean): string | undefined => {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ArchiveError) return RUNS_ALREADY.test(error.message) ? undefined : error.message;
  const isFault = 'code' in error || LOST.test(error.message);
  return isFault && isExposed ? undefined : (error.stack ?? error.message);
};
