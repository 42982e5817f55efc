import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createAuthority, issueCertificate, type CertifiedKey } from './authority.ts';

/** The authority of a development start; longer than anybody keeps one. */
const AUTHORITY_DAYS = 3_650;
const AUTHORITY_NAME = 'order-pipeline development authority';
const PRIVATE = 0o600;

export interface FolderOptions {
  readonly folder: string;
  /** Whom to give a certificate; the files have their names. */
  readonly names: readonly string[];
  /** How long they are valid, in days. */
  readonly days: number;
  /** In milliseconds since the epoch. */
  readonly now: number;
}

const fileOf = (folder: string, name: string, kind: 'crt' | 'key'): string =>
  path.join(folder, `${name}.${kind}`);

/** Puts a file in the place of another at once, so that nobody reads half of it. */
const replaceFile = async (file: string, content: string): Promise<void> => {
  const partial = `${file}.partial`;
  await writeFile(partial, content, { mode: PRIVATE });
  await chmod(partial, PRIVATE);
  await rename(partial, file);
};

const write = async (folder: string, name: string, pair: CertifiedKey): Promise<void> => {
  // Who reads them in between has a pair that does not match, and reads again.
  await replaceFile(fileOf(folder, name, 'key'), pair.key);
  await replaceFile(fileOf(folder, name, 'crt'), pair.certificate);
};

const readAuthority = async (folder: string): Promise<CertifiedKey | undefined> => {
  try {
    return {
      certificate: await readFile(fileOf(folder, 'ca', 'crt'), 'utf8'),
      key: await readFile(fileOf(folder, 'ca', 'key'), 'utf8'),
    };
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
};

/**
 * Fills a folder with an authority (`ca.crt`, `ca.key`), which is made once, and with a new certificate and key for each
 * name (`orders.crt`, `orders.key`), readable by their owner alone.
 *
 * @returns whether the authority is new
 * @throws what the file system says
 */
export const fillFolder = async ({ folder, names, days, now }: FolderOptions): Promise<boolean> => {
  await mkdir(folder, { recursive: true });
  const known = await readAuthority(folder);
  const authority = known ?? (await createAuthority(AUTHORITY_NAME, { now, days: AUTHORITY_DAYS }));
  if (!known) await write(folder, 'ca', authority);
  for (const name of names) {
    const subject = { name, dns: ['localhost'], addresses: ['127.0.0.1', '::1'] };
    await write(folder, name, await issueCertificate(authority, subject, { now, days }));
  }
  return !known;
};
