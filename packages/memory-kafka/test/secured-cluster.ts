import { PASSWORDS, SESSION_MS } from '../conformance/secured.ts';

/** The shortest session that the conformance suite may have; see side.ts. */
export const MIN_SESSION_MS = 500;

/** Where clients have to log in, once a minute, and `admin` may do everything; as the conformance suite needs it. */
export const SECURITY = {
  minSessionTimeoutMs: MIN_SESSION_MS,
  sasl: { users: PASSWORDS, maxReauthMs: SESSION_MS },
  authorizer: { superUsers: ['User:admin'] },
};
