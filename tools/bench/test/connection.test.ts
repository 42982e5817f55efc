import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { openConnection, type Connection } from '../src/load/connection.ts';

let server: Server | undefined;
let connection: Connection | undefined;

/** Connects to what answers each request with the parts that `answer` gives, each in a packet of its own. */
const connectTo = async (
  answer: (number: number, socket: Socket) => readonly string[],
): Promise<Connection> => {
  let number = 0;
  server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      void (async () => {
        for (const part of answer(number++, socket)) {
          socket.write(part);
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  connection = openConnection('127.0.0.1', (server.address() as AddressInfo).port);
  return connection;
};

afterEach(() => {
  connection?.close();
  server?.close();
});

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test('an answer is gathered however it is cut', async () => {
  const text = '{"name":"Zoë"}';
  const whole = `HTTP/1.1 201 Created\r\nContent-Length: ${Buffer.byteLength(text)}\r\nX-A: b\r\n\r\n${text}`;
  const open = await connectTo((number) => (number === 0 ? [whole] : (whole.match(/./gs) ?? [])));
  const head = whole.slice(0, whole.indexOf('\r\n\r\n'));
  expect(await open.call(REQUEST)).toEqual({ status: 201, head, body: text });
  expect(await open.call(REQUEST)).toEqual({ status: 201, head, body: text });
});

test('an answer that does not say how long it is cannot be told from the next one', async () => {
  const open = await connectTo(() => ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n']);
  await expect(open.call(REQUEST)).rejects.toThrow('without its length');
});

test('a request that gets no answer fails, and the next one gets a new connection', async () => {
  const open = await connectTo((number, socket) => {
    if (number > 0) return ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'];
    socket.end();
    return [];
  });
  await expect(open.call(REQUEST)).rejects.toThrow('closed');
  expect(await open.call(REQUEST)).toMatchObject({ status: 200, body: '' });
});
