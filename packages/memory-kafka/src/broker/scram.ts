import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

/** The hash of a SCRAM mechanism, by node:crypto's name for it. */
export type ScramHash = 'sha256' | 'sha512';

/** What a broker stores of a password: enough to check it, not to know it. */
export interface ScramCredentials {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** The fewest that clients accept, and Kafka's default. */
const ITERATIONS = 4096;
const LENGTHS: Readonly<Record<ScramHash, number>> = { sha256: 32, sha512: 64 };

const hmac = (hash: ScramHash, key: Buffer, data: string): Buffer =>
  createHmac(hash, key).update(data).digest();

/** The credentials of a password. */
export const scramCredentials = (hash: ScramHash, password: string, salt: Buffer): ScramCredentials => {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, LENGTHS[hash], hash);
  const clientKey = hmac(hash, salted, 'Client Key');
  return {
    salt,
    iterations: ITERATIONS,
    storedKey: createHash(hash).update(clientKey).digest(),
    serverKey: hmac(hash, salted, 'Server Key'),
  };
};

/** The attributes of a message: `n=alice,r=…`. */
export const scramAttributes = (message: string): ReadonlyMap<string, string> =>
  new Map(message.split(',').map((each) => [each.slice(0, 1), each.slice(2)]));

/** A user's name as it was before ',' and '=' were escaped. */
export const scramName = (escaped: string): string => escaped.replaceAll('=2C', ',').replaceAll('=3D', '=');

export interface ScramProof {
  /** The client's first message without its header, the server's first, and the client's final one without its proof. */
  readonly authMessage: string;
  readonly proof: Buffer;
}

/** Whether a proof was made with the password. */
export const isProofOf = (
  hash: ScramHash,
  { storedKey }: ScramCredentials,
  { authMessage, proof }: ScramProof,
): boolean => {
  const signature = hmac(hash, storedKey, authMessage);
  if (proof.length !== signature.length) return false;
  const clientKey = Buffer.from(proof.map((byte, index) => byte ^ (signature[index] ?? 0)));
  return createHash(hash).update(clientKey).digest().equals(storedKey);
};

/** By which a client knows that the broker has the password, too. */
export const serverSignature = (
  hash: ScramHash,
  { serverKey }: ScramCredentials,
  authMessage: string,
): string => hmac(hash, serverKey, authMessage).toString('base64');
