import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Logger } from 'pino';
import { causeOf } from '../faults/index.ts';
import { startPeriodic } from '../periodic.ts';
import type { Runtime } from '../runtime.ts';

/** Files in PEM, each by its path. */
export interface CredentialFiles {
  readonly certificate: string;
  readonly key: string;
  /** The authority that signs the certificates of all services. */
  readonly authority: string;
}

/** What Node's TLS is given. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** What a process proves itself with to other services, and they to it. */
export interface Credentials {
  current(): TlsMaterial;
  /** Calls `listener` whenever there are others; answers how to stop that. */
  onChange(listener: () => void): () => void;
}

/** Credentials that follow their files. */
export interface WatchedCredentials extends Credentials {
  /** Looks at the files now. */
  reload(): void;
  stop(): Promise<void>;
}

/** How often the files are looked at: those that are mounted into containers change without telling. */
const LOOK_EVERY_MS = 5_000;

/**
 * Reads the files of credentials.
 *
 * @throws Error where one cannot be read, is not what it should be, or the key is not that of the certificate
 */
export const readCredentials = ({ certificate, key, authority }: CredentialFiles): TlsMaterial => {
  const material = {
    cert: readFileSync(certificate, 'utf8'),
    key: readFileSync(key, 'utf8'),
    ca: readFileSync(authority, 'utf8'),
  };
  createSecureContext(material);
  return material;
};

const isSame = (one: TlsMaterial, other: TlsMaterial): boolean =>
  one.cert === other.cert && one.key === other.key && one.ca === other.ca;

/**
 * Opens credentials and takes new ones as soon as they are in their files. What cannot be used, such as a certificate whose
 * key is not there yet, is reported once, and those of before stay.
 *
 * @throws Error where the files cannot be used now
 */
export const openCredentials = (
  files: CredentialFiles,
  { runtime, logger }: { readonly runtime: Pick<Runtime, 'after' | 'soon'>; readonly logger: Logger },
): WatchedCredentials => {
  const listeners = new Set<() => void>();
  let material = readCredentials(files);
  let problem: string | undefined;

  const take = (found: TlsMaterial): void => {
    problem = undefined;
    if (isSame(found, material)) return;
    material = found;
    logger.info('took new certificates');
    for (const listener of listeners) listener();
  };
  const reload = (): void => {
    try {
      take(readCredentials(files));
    } catch (error) {
      const { reason } = causeOf(error);
      if (reason !== problem)
        logger.warn({ reason }, 'new certificates cannot be used, those of before stay');
      problem = reason;
    }
  };
  const periodic = startPeriodic({
    name: 'certificates',
    intervalMs: LOOK_EVERY_MS,
    runtime,
    logger,
    work: async () => reload(),
  });
  return {
    current: () => material,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reload,
    stop: () => periodic.stop(),
  };
};
