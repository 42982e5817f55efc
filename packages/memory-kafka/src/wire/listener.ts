import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Core } from '../broker/core.ts';
import { answer } from './answer.ts';

/** Where a cluster can be reached over TCP. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  /** As clients are configured with it. */
  readonly brokers: string[];
  /** Closes all connections, and resolves when nobody can make another. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const LENGTH_BYTES = 4;
/** Kafka's default of `socket.request.max.bytes`. */
const MAX_REQUEST_BYTES = 104_857_600;

/** Calls `onRequest` with each request that is complete; throws RangeError for one that is longer than any may be. */
const createFramer = (onRequest: (bytes: Buffer) => void) => {
  let chunks: Buffer[] = [];
  let waiting = 0;
  let needed = LENGTH_BYTES;
  return (chunk: Buffer): void => {
    chunks.push(chunk);
    waiting += chunk.length;
    if (waiting < needed) return;
    let bytes = Buffer.concat(chunks);
    needed = LENGTH_BYTES;
    while (bytes.length >= LENGTH_BYTES) {
      const length = bytes.readInt32BE(0);
      if (length < 0 || length > MAX_REQUEST_BYTES) throw new RangeError(`A request of ${length} bytes`);
      needed = LENGTH_BYTES + length;
      if (bytes.length < needed) break;
      onRequest(bytes.subarray(LENGTH_BYTES, needed));
      bytes = bytes.subarray(needed);
      needed = LENGTH_BYTES;
    }
    chunks = [bytes];
    waiting = bytes.length;
  };
};

/** Serves one connection: its requests one after the other, as Kafka does. */
const serve = (socket: Socket, core: Core, address: { host: string; port: number }): void => {
  const listeners = new Set<() => void>();
  const onGone = (fn: () => void): (() => void) => {
    listeners.add(fn);
    return () => void listeners.delete(fn);
  };
  let last = Promise.resolve();
  const handle = async (bytes: Buffer): Promise<void> => {
    if (socket.destroyed) return;
    const answered = await answer(bytes, { core, ...address, onGone });
    if (answered !== undefined && !socket.destroyed) socket.write(answered);
  };
  // What makes no sense ends the connection, and so does a fault that breaks it.
  const giveUp = (): void => void socket.destroy();
  const receive = createFramer((bytes) => {
    last = last.then(() => handle(bytes)).catch(giveUp);
  });
  socket.setNoDelay(true);
  socket.on('data', (chunk: Buffer) => {
    try {
      receive(chunk);
    } catch {
      giveUp();
    }
  });
  socket.on('error', giveUp);
  socket.on('close', () => {
    for (const listener of listeners) listener();
  });
};

/**
 * Opens a port of this machine at which clients in any language and process find the cluster; a free one for port 0. The
 * process stays alive until it is closed. Rejects with Node's error where the port is taken.
 */
export const listen = async (core: Core, port: number): Promise<Listener> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => void sockets.delete(socket));
    serve(socket, core, { host: HOST, port: address.port });
  });
  const open = (at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, HOST, () => {
        server.off('error', reject);
        resolve();
      });
    });
  await open(port);
  const address = server.address() as AddressInfo;
  const shut = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  const forget = core.gate.onPower({ down: () => void shut(), up: () => open(address.port) });
  return {
    host: HOST,
    port: address.port,
    brokers: [`${HOST}:${address.port}`],
    close: () => {
      forget();
      return shut();
    },
  };
};
