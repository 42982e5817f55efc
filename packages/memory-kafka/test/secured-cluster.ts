import { PASSWORDS } from '../conformance/secured.ts';

/** Where clients have to log in, and `admin` may do everything; as the conformance suite needs it. */
export const SECURITY = {
  sasl: { users: PASSWORDS },
  authorizer: { superUsers: ['User:admin'] },
};
