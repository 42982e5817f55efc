import { openConnection, type Answer, type Connection } from './connection.ts';

/** Connections to a gateway that are kept alive, each with one request at a time. */
export interface Connections {
  post(path: string, body: object): Promise<Answer>;
  get(path: string): Promise<Answer>;
  close(): void;
}

/** @param count how many connections; who asks beyond them waits for one */
export const openConnections = (url: string, count: number): Connections => {
  const { host, hostname, port } = new URL(url);
  const idle = Array.from({ length: count }, () => openConnection(hostname, Number(port)));
  const all = [...idle];
  const waiting: ((connection: Connection) => void)[] = [];

  const ask = async (request: string): Promise<Answer> => {
    const connection = idle.pop() ?? (await new Promise<Connection>((resolve) => waiting.push(resolve)));
    try {
      return await connection.call(request);
    } finally {
      const next = waiting.shift();
      if (next) next(connection);
      else idle.push(connection);
    }
  };
  return {
    post: (path, body) => {
      const text = JSON.stringify(body);
      const length = Buffer.byteLength(text);
      return ask(
        `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${text}`,
      );
    },
    get: (path) => ask(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
    close: () => {
      for (const connection of all) connection.close();
    },
  };
};

/** Keeps `count` askers busy, each asking again as soon as it is answered, as long as `goOn` says. */
export const keepBusy = async (
  count: number,
  goOn: () => boolean,
  ask: () => Promise<void>,
): Promise<void> => {
  const asker = async (): Promise<void> => {
    while (goOn()) await ask();
  };
  await Promise.all(Array.from({ length: count }, asker));
};
