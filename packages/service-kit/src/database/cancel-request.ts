import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
// oxlint-disable-next-line no-restricted-imports -- no session is opened: the server is asked to cancel, and nothing else
import pg from 'pg';

/** What pg knows of a connection, and what its types leave out. */
interface Connected {
  readonly host: string;
  readonly port: number;
  readonly ssl: boolean | object;
  readonly sslNegotiation: string;
  readonly processID: number;
  readonly secretKey: number;
}

interface Wire extends EventEmitter {
  readonly stream: Socket;
  connect(...where: [path: string] | [port: number, host: string]): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
  end(): void;
}

const TIMEOUT_MS = 1_500;

/**
 * Asks the server to end what runs on a connection, over another one that serves nothing else, as PostgreSQL's protocol has
 * it. PgBouncer passes that on to whichever connection of the server carries the statement; the number of a server's process,
 * which `pg_cancel_backend` takes, is not known there.
 *
 * @param isWanted asked just before the server is: the statement may have ended by now
 * @returns when it has been asked, or could not be; whether anything was cancelled only the statement tells
 */
export const requestCancel = (client: pg.ClientBase, isWanted: () => boolean): Promise<void> => {
  const { host, port, ssl, sslNegotiation, processID, secretKey } = client as unknown as Connected;
  const config = { ssl, sslNegotiation } as unknown as pg.ConnectionConfig;
  const wire = new pg.Connection(config) as unknown as Wire;
  const send = (): void => {
    if (isWanted()) wire.cancel(processID, secretKey);
    else wire.stream.destroy();
  };
  return new Promise((resolve) => {
    wire.on('connect', () => {
      if (!ssl) return send();
      // Otherwise TLS comes first, by itself.
      if (sslNegotiation !== 'direct') wire.requestSsl();
    });
    wire.on('sslconnect', send);
    wire.on('error', () => resolve());
    wire.on('end', () => resolve());
    wire.stream.setTimeout(TIMEOUT_MS, () => wire.stream.destroy());
    if (host.startsWith('/')) wire.connect(`${host}/.s.PGSQL.${port}`);
    else wire.connect(port, host);
  });
};
