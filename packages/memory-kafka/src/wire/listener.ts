import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { BrokerAddress } from '../broker/addresses.ts';
import type { Core } from '../broker/core.ts';
import { answer } from './answer.ts';
import type { Caller } from './api.ts';

/** Where a cluster can be reached over TCP. */
export interface Listener {
  /** As advertised to clients. */
  readonly host: string;
  /** Of the first broker. */
  readonly port: number;
  /** As clients are configured with it. */
  readonly brokers: string[];
  /** Closes all connections, and resolves when nobody can make another. */
  close(): Promise<void>;
}

/** Who may reach the port, and the address that clients connect to. */
export interface ListenOptions {
  /** The address to listen at; 127.0.0.1 if not given. '0.0.0.0' or '::' is every address of the machine. */
  readonly host?: string;
  /**
   * `host:port` by which clients reach the port where it is not the one it listens at: behind a container's name, say. Further
   * brokers are at the ports behind it.
   */
  readonly advertised?: string;
}

const HOST = '127.0.0.1';
/** Everybody listens there and nobody can connect to it. */
const WILDCARDS = new Set(['0.0.0.0', '::', '']);
const MAX_PORT = 65_535;
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

/** Which broker a connection leads to. */
type Served = Pick<Caller, 'core' | 'nodeId' | 'address'>;

/** Serves one connection: its requests one after the other, as Kafka does. */
const serve = (socket: Socket, at: Served): void => {
  const listeners = new Set<() => void>();
  const onGone = (fn: () => void): (() => void) => {
    listeners.add(fn);
    return () => void listeners.delete(fn);
  };
  const session = at.core.sasl?.openSession();
  const host = socket.remoteAddress ?? '';
  let last = Promise.resolve();
  const handle = async (bytes: Buffer): Promise<void> => {
    if (socket.destroyed) return;
    const answered = await answer(bytes, { ...at, session, host, onGone });
    if (answered !== undefined && !socket.destroyed) socket.write(answered);
    if (session?.isRefused()) socket.end();
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

/** The advertised address of a broker's port, by its place among the brokers; throws TypeError for what makes no sense. */
const advertisedAddress = ({
  host = HOST,
  advertised,
}: ListenOptions): ((bound: number, place: number) => BrokerAddress) => {
  if (advertised === undefined) {
    if (WILDCARDS.has(host))
      throw new TypeError(`Clients cannot connect to ${host}: say where in 'advertised'`);
    return (port) => ({ host, port });
  }
  const [, name, port] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(advertised) ?? [];
  if (name === undefined || Number(port) > MAX_PORT) throw new TypeError(`'${advertised}' is not host:port`);
  return (_bound, place) => ({ host: name, port: Number(port) + place });
};

const written = ({ host, port }: BrokerAddress): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** The door of one broker. */
interface Door {
  /** The advertised one. */
  readonly address: BrokerAddress;
  /** Opens it again at the same port. */
  open(): Promise<void>;
  /** Closes all connections, and resolves when nobody can make another. */
  shut(): Promise<void>;
}

/** Opens a port for one broker; a free one for port 0. */
const openDoor = async (
  at: Served,
  port: number,
  host: string,
  addressOf: (bound: number) => BrokerAddress,
): Promise<Door> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => void sockets.delete(socket));
    serve(socket, at);
  });
  const open = (where: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(where, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
  await open(port);
  const bound = (server.address() as AddressInfo).port;
  return {
    address: addressOf(bound),
    open: () => open(bound),
    shut: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};

const NOWHERE: BrokerAddress = { host: '', port: 0 };

/** The doors of all brokers; closes those that are open where one cannot be. */
const openDoors = async (core: Core, port: number, options: ListenOptions): Promise<Map<number, Door>> => {
  const { host = HOST } = options;
  const addressOf = advertisedAddress(options);
  const doors = new Map<number, Door>();
  const address = (nodeId: number): BrokerAddress => doors.get(nodeId)?.address ?? NOWHERE;
  try {
    for (const [place, nodeId] of core.brokers.ids.entries()) {
      const at = port === 0 ? 0 : port + place;
      const door = await openDoor({ core, nodeId, address }, at, host, (bound) => addressOf(bound, place));
      doors.set(nodeId, door);
    }
    return doors;
  } catch (error) {
    await Promise.all([...doors.values()].map((door) => door.shut()));
    throw error;
  }
};

/**
 * Opens a port of this machine for each broker (`port` and those behind it, or free ones for port 0) at which clients in any
 * language and process find the cluster. The process stays alive until it is closed. Rejects with Node's error where a port is
 * taken, and with TypeError for an address that nobody can connect to.
 */
export const listen = async (core: Core, port: number, options: ListenOptions = {}): Promise<Listener> => {
  const { ids, isUp } = core.brokers;
  const doors = await openDoors(core, port, options);
  const each = (nodeIds: readonly number[], carryOut: (door: Door) => Promise<void>): void => {
    for (const nodeId of nodeIds) {
      const door = doors.get(nodeId);
      if (door !== undefined) void carryOut(door);
    }
  };
  const down = (nodeIds: readonly number[]): void => each(nodeIds, (door) => door.shut());
  down(ids.filter((nodeId) => !isUp(nodeId)));
  const forget = core.gate.onPower({ down, up: (nodeIds) => each(nodeIds, (door) => door.open()) });
  const addresses = ids.map((nodeId) => doors.get(nodeId)?.address ?? NOWHERE);
  return {
    ...(addresses[0] ?? NOWHERE),
    brokers: addresses.map(written),
    close: async () => {
      forget();
      await Promise.all([...doors.values()].map((door) => door.shut()));
    },
  };
};
