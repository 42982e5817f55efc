import type { User } from '@order-pipeline/contracts';

/** What a registration comes to, once a user stands under its id. */
export type RegistrationDecision = 'REGISTERED' | 'ALREADY_REGISTERED' | 'ID_TAKEN';

/**
 * The same data again is answered as the first time; different data under the same id is a conflict.
 *
 * @param stored who stands under the id now
 * @param isNew whether this registration put them there
 */
export const decideRegistration = (asked: User, stored: User, isNew: boolean): RegistrationDecision => {
  if (isNew) return 'REGISTERED';
  const same = asked.name === stored.name && asked.email === stored.email;
  return same ? 'ALREADY_REGISTERED' : 'ID_TAKEN';
};
