import type { User } from '@order-pipeline/contracts';

/** What a registration comes to, once a user stands under its id. */
export type RegistrationDecision = 'REGISTERED' | 'ALREADY_REGISTERED' | 'ID_TAKEN';

/**
 * Whoever asks again with the very same data is answered as the first time; other data under the id is somebody else.
 *
 * @param stored who stands under the id now
 * @param isNew whether this registration put them there
 */
export const decideRegistration = (asked: User, stored: User, isNew: boolean): RegistrationDecision => {
  if (isNew) return 'REGISTERED';
  const same = asked.name === stored.name && asked.email === stored.email;
  return same ? 'ALREADY_REGISTERED' : 'ID_TAKEN';
};
