import type { webcrypto } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Runtime } from '@order-pipeline/service-kit';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';

const ALGORITHM = 'ES256';
const FILE_NAME = 'dev-issuer.json';

/** The key that the development issuer signs with. */
export interface DevKey {
  /** As tokens name it in their header. */
  readonly kid: string;
  readonly privateKey: webcrypto.CryptoKey;
  /** What anybody may know of it, as it stands in a set of keys (RFC 7517). */
  readonly publicJwk: JWK;
}

/** The key cannot be used; the message says what to do. */
export class DevKeyError extends Error {
  readonly code = 'DEV_KEY';
}

const fileIn = (dataDir: string): string => path.join(dataDir, FILE_NAME);

const keyOf = async (jwk: JWK): Promise<DevKey> => {
  const { d: _secret, ...publicPart } = jwk;
  const kid = await calculateJwkThumbprint(publicPart);
  const privateKey = await importJWK(jwk, ALGORITHM);
  if (privateKey instanceof Uint8Array || privateKey.type !== 'private') throw new Error('not a private key');
  return { kid, privateKey, publicJwk: { ...publicPart, kid, alg: ALGORITHM, use: 'sig' } };
};

/**
 * Reads the key of the development issuer.
 *
 * @param dataDir where the embedded start keeps its files (`DATA_DIR`)
 * @returns nothing where there is none
 * @throws DevKeyError where the file holds no key, and what reading it throws
 */
export const readDevKey = async (dataDir: string): Promise<DevKey | undefined> => {
  const file = fileIn(dataDir);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return await keyOf(JSON.parse(text) as JWK);
  } catch (error) {
    throw new DevKeyError(`${file} holds no key: delete it, and the next start makes another`, {
      cause: error,
    });
  }
};

/** The file is whole from the moment it is there; where another start was faster, its key stays. */
const createKeyFile = async (dataDir: string, runtime: Pick<Runtime, 'uuid'>): Promise<void> => {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  await mkdir(dataDir, { recursive: true });
  const draft = `${fileIn(dataDir)}.${runtime.uuid()}`;
  try {
    // Who can read it can be anybody.
    await writeFile(draft, JSON.stringify(await exportJWK(privateKey)), { mode: 0o600, flag: 'wx' });
    await link(draft, fileIn(dataDir)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
};

/**
 * Reads the key of the development issuer, and makes one where there is none: readable by its owner alone, and kept, so that
 * tokens outlive a restart.
 *
 * @param dataDir where the embedded start keeps its files (`DATA_DIR`); made where it is missing
 * @throws DevKeyError where the file holds no key, and what reading and writing it throws
 */
export const openDevKey = async (dataDir: string, runtime: Pick<Runtime, 'uuid'>): Promise<DevKey> => {
  const known = await readDevKey(dataDir);
  if (known) return known;
  await createKeyFile(dataDir, runtime);
  const made = await readDevKey(dataDir);
  if (!made) throw new DevKeyError(`${fileIn(dataDir)} was removed while it was made: start again`);
  return made;
};
