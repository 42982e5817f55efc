import { rulingIn, ruleAll, type Ruling, type Rulings } from './verdict.ts';

/** The errors of the operating system, by libuv's names (`util.getSystemErrorMap()`). */
export const SYSTEM_ERRORS: Rulings = {
  ...ruleAll(['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ENOTCONN', 'ESHUTDOWN', 'EOF'], {
    verdict: 'transient',
    why: 'the connection is refused or lost',
  }),
  ...ruleAll(['ETIMEDOUT', 'ETIME'], { verdict: 'transient', why: 'there is no answer in time' }),
  ...ruleAll(
    [
      'EHOSTUNREACH',
      'EHOSTDOWN',
      'ENETUNREACH',
      'ENETDOWN',
      'ENONET',
      'EADDRNOTAVAIL',
      'EUNATCH',
      'EREMOTEIO',
    ],
    { verdict: 'transient', why: 'the network has no way there, or no port left' },
  ),
  ...ruleAll(
    [
      'EAI_AGAIN',
      'EAI_ADDRFAMILY',
      'EAI_CANCELED',
      'EAI_FAIL',
      'EAI_MEMORY',
      'EAI_NODATA',
      'EAI_NONAME',
      'EAI_OVERFLOW',
      'EAI_PROTOCOL',
    ],
    { verdict: 'transient', why: 'the name is not known now: it has none yet, or the name server fails' },
  ),
  ...ruleAll(
    [
      'EMFILE',
      'ENFILE',
      'ENOBUFS',
      'ENOMEM',
      'ENOSPC',
      'EDQUOT',
      'EFBIG',
      'EROFS',
      'EIO',
      'EAGAIN',
      'EBUSY',
      'ETXTBSY',
    ],
    {
      verdict: 'transient',
      why: 'the machine has no room for it now: files, memory or disk',
    },
  ),
  ...ruleAll(['EPROTO', 'EACCES', 'EPERM', 'ENXIO', 'ENODEV', 'EINTR', 'ECANCELED', 'EALREADY', 'ENODATA'], {
    verdict: 'transient',
    why: 'the system or the other side does not let it through now',
  }),
  ...ruleAll(['E2BIG', 'EMSGSIZE', 'ENAMETOOLONG', 'EILSEQ', 'EOVERFLOW', 'ECHARSET'], {
    verdict: 'refused',
    why: 'it is larger than the system takes, or not text',
  }),
  ...ruleAll(
    [
      'EADDRINUSE',
      'EAFNOSUPPORT',
      'EAI_BADFLAGS',
      'EAI_BADHINTS',
      'EAI_FAMILY',
      'EAI_SERVICE',
      'EAI_SOCKTYPE',
      'EBADF',
      'EDESTADDRREQ',
      'EEXIST',
      'EFAULT',
      'EFTYPE',
      'EINVAL',
      'EISCONN',
      'EISDIR',
      'ELOOP',
      'EMLINK',
      'ENOENT',
      'ENOEXEC',
      'ENOPROTOOPT',
      'ENOSYS',
      'ENOTDIR',
      'ENOTEMPTY',
      'ENOTSOCK',
      'ENOTSUP',
      'ENOTTY',
      'EOPNOTSUPP',
      'EPROTONOSUPPORT',
      'EPROTOTYPE',
      'ERANGE',
      'ESOCKTNOSUPPORT',
      'ESPIPE',
      'ESRCH',
      'EXDEV',
      'UNKNOWN',
    ],
    {
      verdict: 'bug',
      why: 'the system is asked for what cannot be; of a connection that is made it is waited for',
    },
  ),
};

/** The errors of name servers, as `node:dns` has them. */
export const DNS_ERRORS: Rulings = ruleAll(
  [
    'ENODATA',
    'EFORMERR',
    'ESERVFAIL',
    'ENOTFOUND',
    'ENOTIMP',
    'EREFUSED',
    'EBADQUERY',
    'EBADNAME',
    'EBADFAMILY',
    'EBADRESP',
    'ECONNREFUSED',
    'ETIMEOUT',
    'EOF',
    'EFILE',
    'ENOMEM',
    'EDESTRUCTION',
    'EBADSTR',
    'EBADFLAGS',
    'ENONAME',
    'EBADHINTS',
    'ENOTINITIALIZED',
    'ELOADIPHLPAPI',
    'EADDRGETNETWORKPARAMS',
    'ECANCELLED',
  ],
  { verdict: 'transient', why: 'the name is not known now: it has none yet, or the name server fails' },
);

/** The errors of certificates (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
export const CERTIFICATE_ERRORS: Rulings = ruleAll(
  [
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_CRL',
    'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
    'UNABLE_TO_DECRYPT_CRL_SIGNATURE',
    'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
    'CERT_SIGNATURE_FAILURE',
    'CRL_SIGNATURE_FAILURE',
    'CERT_NOT_YET_VALID',
    'CERT_HAS_EXPIRED',
    'CRL_NOT_YET_VALID',
    'CRL_HAS_EXPIRED',
    'ERROR_IN_CERT_NOT_BEFORE_FIELD',
    'ERROR_IN_CERT_NOT_AFTER_FIELD',
    'ERROR_IN_CRL_LAST_UPDATE_FIELD',
    'ERROR_IN_CRL_NEXT_UPDATE_FIELD',
    'OUT_OF_MEM',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'CERT_CHAIN_TOO_LONG',
    'CERT_REVOKED',
    'INVALID_CA',
    'PATH_LENGTH_EXCEEDED',
    'INVALID_PURPOSE',
    'CERT_UNTRUSTED',
    'CERT_REJECTED',
    'HOSTNAME_MISMATCH',
  ],
  { verdict: 'transient', why: 'the certificate is not one to trust now, as while it is renewed' },
);

const TLS: Ruling = {
  verdict: 'transient',
  why: 'TLS does not come about, as while certificates are renewed',
};
const LOST: Ruling = { verdict: 'transient', why: 'the connection is closed' };
const SYSTEM: Ruling = { verdict: 'transient', why: 'an error of the system that is not known' };
const AT_CONNECTING: Ruling = { verdict: 'transient', why: 'the connection cannot be made now' };

/** Families of Node.js's own codes, by their beginnings. */
export const NODE_CODES: Rulings = {
  ERR_TLS_: TLS,
  ERR_SSL_: TLS,
  ERR_SOCKET_: LOST,
  ERR_STREAM_: LOST,
  ERR_HTTP2_: LOST,
  HPE_: {
    verdict: 'transient',
    why: 'what answers does not speak HTTP: a proxy, or a process that is not yet there',
  },
};

/** The ruling of an error that Node.js or the system below it made. */
export const rulingOfNode = ({ code, syscall }: Readonly<Record<string, unknown>>): Ruling | undefined => {
  if (typeof code !== 'string') return undefined;
  if (syscall === 'connect') return AT_CONNECTING;
  const known =
    rulingIn(SYSTEM_ERRORS, code) ?? rulingIn(DNS_ERRORS, code) ?? rulingIn(CERTIFICATE_ERRORS, code);
  if (known) return known;
  const family = Object.keys(NODE_CODES).find((beginning) => code.startsWith(beginning));
  return rulingIn(NODE_CODES, family) ?? (typeof syscall === 'string' ? SYSTEM : undefined);
};
