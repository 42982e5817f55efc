import { ArchiveError } from '@order-pipeline/archive';

const RUNS_ALREADY = /^Another archive of these orders is running$/;
const LOST = /^(?:Connection terminated|Client has encountered|timeout exceeded)/;

/**
 * Why an archive must not have failed like this; nothing where it met a fault, or another archive.
 *
 * @param beganHealed whether all faults were healed when it began: one that hit it before may only show after that
 */
export const wrongWith = (error: unknown, beganHealed: boolean): string | undefined => {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ArchiveError) return RUNS_ALREADY.test(error.message) ? undefined : error.message;
  const isFault = 'code' in error || LOST.test(error.message);
  return isFault && !beganHealed ? undefined : (error.stack ?? error.message);
};
