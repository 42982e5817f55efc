import { PASSWORDS, SESSION_MS } from '../conformance/secured.ts';

/** Where clients have to log in, once a minute, and `admin` may do everything; as the conformance suite needs it. */
export const SECURITY = {
  sasl: { users: PASSWORDS, maxReauthMs: SESSION_MS },
  authorizer: { superUsers: ['User:admin'] },
};
