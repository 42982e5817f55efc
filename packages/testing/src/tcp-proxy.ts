import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A door before a server that listens on TCP: what is behind it can be made to go away and to hang. */
export interface TcpProxy {
  /** The server's URL, by way of the door. */
  readonly url: string;
  /** Ends every connection and lets none in. */
  shut(): void;
  /** Lets connections in and stand, and nothing through them. */
  stall(): void;
  /** Lets everything through again; what stood in between is lost with its connection. */
  open(): void;
  stop(): Promise<void>;
}

/** @param target the URL of the server, with its port */
export const startTcpProxy = async (target: string): Promise<TcpProxy> => {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let state: 'open' | 'shut' | 'stalled' = 'open';

  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };
  const pipe = (from: Socket, to: Socket): void => {
    from.on('data', (data) => state === 'open' && to.write(data)).on('close', () => to.destroy());
  };
  const server = createServer((outer) => {
    keep(outer);
    if (state === 'shut') return void outer.destroy();
    const inner = keep(connect(Number(port), hostname));
    pipe(outer, inner);
    pipe(inner, outer);
  });
  const endAll = (): void => sockets.forEach((socket) => socket.destroy());

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    shut: () => {
      state = 'shut';
      endAll();
    },
    stall: () => {
      state = 'stalled';
    },
    open: () => {
      if (state === 'stalled') endAll();
      state = 'open';
    },
    stop: async () => {
      endAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
