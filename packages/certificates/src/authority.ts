// oxlint-disable-next-line import/no-unassigned-import -- x509 asks for it to be there
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const DAY_MS = 86_400_000;
const SERIAL_BYTES = 16;
/** What verifies them may have a clock that is behind. */
const BACKDATED_MS = 60_000;
const KEYS = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
const { KeyUsageFlags } = x509;

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

/** A certificate with its private key, both in PEM. */
export interface CertifiedKey {
  readonly certificate: string;
  /** PKCS #8. */
  readonly key: string;
}

/** How long a certificate is valid. */
export interface Validity {
  /** In milliseconds since the epoch. */
  readonly now: number;
  readonly days: number;
}

/** Whose certificate it is. */
export interface Subject {
  /** Its name, which is also the first of its DNS names. */
  readonly name: string;
  readonly dns?: readonly string[];
  readonly addresses?: readonly string[];
}

const serialNumber = (): string => {
  const bytes = randomBytes(SERIAL_BYTES);
  // A positive number, as RFC 5280 asks for.
  bytes[0] = (bytes[0] ?? 0) & 0x7f || 1;
  return bytes.toString('hex');
};

const periodOf = ({ now, days }: Validity) => ({
  notBefore: new Date(now - BACKDATED_MS),
  notAfter: new Date(now + days * DAY_MS),
});

const createKeys = () => webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);

const keyText = async (key: webcrypto.CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

/** Makes an authority, for development: its key lies beside what it signs. */
export const createAuthority = async (name: string, validity: Validity): Promise<CertifiedKey> => {
  const keys = await createKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    ...periodOf(validity),
    keys,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: `${await keyText(keys.privateKey)}\n` };
};

const readKey = (text: string): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(text), KEYS, false, ['sign']);

const namesOf = ({ name, dns = [], addresses = [] }: Subject) => [
  ...[name, ...dns].map((value) => ({ type: 'dns' as const, value })),
  ...addresses.map((value) => ({ type: 'ip' as const, value })),
];

/** Makes a key and a certificate for it that servers and clients may show. */
export const issueCertificate = async (
  authority: CertifiedKey,
  subject: Subject,
  validity: Validity,
): Promise<CertifiedKey> => {
  const issuer = new x509.X509Certificate(authority.certificate);
  const { publicKey, privateKey } = await createKeys();
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [subject.name] }],
    issuer: issuer.subject,
    ...periodOf(validity),
    publicKey,
    signingKey: await readKey(authority.key),
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([serverAuth, clientAuth]),
      new x509.SubjectAlternativeNameExtension(namesOf(subject)),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: `${await keyText(privateKey)}\n` };
};
