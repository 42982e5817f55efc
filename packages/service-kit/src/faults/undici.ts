import { rulingIn, ruleAll, type Ruling, type Rulings } from './verdict.ts';

/** undici's codes (https://undici.nodejs.org/#/docs/api/Errors). */
export const UNDICI_CODES: Rulings = {
  ...ruleAll(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'], {
    verdict: 'transient',
    why: 'there is no answer in time',
  }),
  ...ruleAll(['UND_ERR', 'UND_ERR_SOCKET', 'UND_ERR_INFO', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'], {
    verdict: 'transient',
    why: 'the connection is lost',
  }),
  ...ruleAll(['UND_ERR_ABORT', 'UND_ERR_ABORTED', 'UND_ERR_CLOSED', 'UND_ERR_DESTROYED'], {
    verdict: 'transient',
    why: 'it was given up: too late, or the service stops',
  }),
  ...ruleAll(['UND_ERR_REQ_RETRY', 'UND_ERR_RESPONSE'], {
    verdict: 'transient',
    why: 'the other side answers that it cannot now',
  }),
  ...ruleAll(['UND_ERR_PRX_TLS', 'UND_ERR_BPL_MISSING_UPSTREAM', 'UND_ERR_MAX_ORIGINS_REACHED'], {
    verdict: 'transient',
    why: 'there is no way to the other side now',
  }),
  ...ruleAll(
    ['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_EXCEEDED_MAX_SIZE', 'UND_ERR_WS_MESSAGE_SIZE_EXCEEDED'],
    { verdict: 'refused', why: 'the answer is larger than is taken' },
  ),
  ...ruleAll(
    [
      'UND_ERR_INVALID_ARG',
      'UND_ERR_INVALID_RETURN_VALUE',
      'UND_ERR_NOT_SUPPORTED',
      'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
    ],
    { verdict: 'bug', why: 'undici is used wrongly' },
  ),
};

const UNKNOWN: Ruling = { verdict: 'transient', why: 'a code of undici that is not known' };
const GIVEN_UP: Ruling = { verdict: 'transient', why: 'it was given up: too late, or the service stops' };

/** The ruling of an error of undici, or of the signal that ended its request; one that is not known is waited for. */
export const rulingOfUndici = ({ code, name }: Readonly<Record<string, unknown>>): Ruling | undefined => {
  if (typeof code === 'string' && code.startsWith('UND_ERR')) return rulingIn(UNDICI_CODES, code) ?? UNKNOWN;
  return name === 'TimeoutError' || name === 'AbortError' ? GIVEN_UP : undefined;
};
