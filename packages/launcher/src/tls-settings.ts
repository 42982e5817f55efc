import type { ServiceName } from '@order-pipeline/contracts';
import { readCredentials, type CredentialFiles } from '@order-pipeline/service-kit';
import { z } from 'zod';
import { urlVariable } from './settings.ts';

const fields = z.object({
  TLS_CERT_FILE: z.string().optional(),
  TLS_KEY_FILE: z.string().optional(),
  TLS_CA_FILE: z.string().optional(),
});

type TlsSettings = z.infer<typeof fields>;

/** The files that the settings name, if they name any. */
export const credentialFilesIn = (settings: TlsSettings): CredentialFiles | undefined => {
  const { TLS_CERT_FILE: certificate, TLS_KEY_FILE: key, TLS_CA_FILE: authority } = settings;
  return certificate && key && authority ? { certificate, key, authority } : undefined;
};

const NAMES = ['TLS_CERT_FILE', 'TLS_KEY_FILE', 'TLS_CA_FILE'] as const;

/** Why the files cannot be used, after the name of the setting. OpenSSL's codes have nothing of what is in them. */
const problemOf = (files: CredentialFiles): string | undefined => {
  try {
    readCredentials(files);
    return undefined;
  } catch (error) {
    const { code = 'unknown reason' } = error as { code?: string };
    return code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
      ? 'and TLS_KEY_FILE do not belong together'
      : `and the files of TLS_KEY_FILE and TLS_CA_FILE cannot be used (${code})`;
  }
};

/** With what services prove themselves to one another; nothing set: they talk in the clear. */
export const tlsSchema = fields.superRefine((settings, context) => {
  const problem = (name: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [name], message });
  const set = NAMES.filter((name) => settings[name] !== undefined);
  if (set.length > 0)
    for (const name of NAMES) if (!set.includes(name)) problem(name, `must be set with ${set.join(' and ')}`);
  const files = credentialFilesIn(settings);
  const refusal = files && problemOf(files);
  if (refusal !== undefined) problem('TLS_CERT_FILE', refusal);
});

/** What says that a service is reached in the clear although this one proves itself to others. */
export const plainUrls = (urls: ReadonlyMap<ServiceName, string>): string[] =>
  [...urls]
    .filter(([, url]) => url !== '' && !url.startsWith('https:'))
    .map(([service]) => `${urlVariable(service)} must be a URL that starts with https:// with TLS_CERT_FILE`);
