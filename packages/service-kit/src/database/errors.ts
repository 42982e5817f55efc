import { AppError, isTransient, unavailable } from '../app-error.ts';
import { chainOf } from '../faults/judge.ts';

const hasSqlState = (error: unknown, state: string): boolean =>
  chainOf(error).some(({ code, originalCode }) => code === state || originalCode === state);

/** Whether a statement was ended because it waited for a lock for longer than `lock_timeout`. */
export const isLockTimeout = (error: unknown): boolean => hasSqlState(error, '55P03');

/** Whether a statement met another transaction in such a way that it has to be done once more. */
export const isSerializationFailure = (error: unknown): boolean => hasSqlState(error, '40001');

/** Whether a statement was ended because a row with the same key is there. */
export const isUniqueViolation = (error: unknown): boolean => hasSqlState(error, '23505');

type AsyncFunctions = Record<string, (...args: never[]) => Promise<unknown>>;

/** The same store, whose functions throw UNAVAILABLE where what the database meets is transient. */
export const mapTransientErrors = <S extends AsyncFunctions>(store: S): S => {
  const guarded = Object.entries(store).map(([name, call]) => [
    name,
    async (...args: never[]) => {
      try {
        return await call(...args);
      } catch (error) {
        if (error instanceof AppError || !isTransient(error)) throw error;
        throw unavailable('The database does not answer, try again in a moment', error);
      }
    },
  ]);
  return Object.fromEntries(guarded) as S;
};
