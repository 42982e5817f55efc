export { createAuthority, issueCertificate, type CertifiedKey, type Subject } from './authority.ts';
export { fillFolder } from './folder.ts';
