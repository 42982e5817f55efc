import type { ServiceName } from '@order-pipeline/contracts';
import { checkServerIdentity } from 'node:tls';
import { buildConnector } from 'undici';
import type { Credentials } from './credentials.ts';

/** Both ends are ours. */
export const MIN_TLS_VERSION = 'TLSv1.3';

/**
 * How connections to a service are made: in the clear, or with credentials. Then the service has to prove that it is this
 * one, under whatever name or address it is reached; new credentials are for new connections.
 */
export const createConnector = (
  service: ServiceName,
  timeout: number,
  credentials: Credentials | undefined,
): { readonly connect: buildConnector.connector; readonly close: () => void } => {
  if (!credentials) return { connect: buildConnector({ timeout }), close: () => undefined };
  const build = (): buildConnector.connector =>
    buildConnector({
      ...credentials.current(),
      timeout,
      minVersion: MIN_TLS_VERSION,
      checkServerIdentity: (_, certificate) => checkServerIdentity(service, certificate),
    });
  let connect = build();
  const close = credentials.onChange(() => {
    connect = build();
  });
  return { connect: (options, callback) => connect(options, callback), close };
};
