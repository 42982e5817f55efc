import { openConnection, type Answer, type Connection } from './connection.ts';

/** Connections to a gateway that are kept alive, each with one request at a time. */
export interface Connections {
  /** @param token goes with it, where access control is on */
  post(path: string, body: object, token?: string): Promise<Answer>;
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
    post: (path, body, token) => {
      const text = JSON.stringify(body);
      const length = Buffer.byteLength(text);
      const authorization = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`;
      return ask(
        `POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${authorization}Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${text}`,
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
