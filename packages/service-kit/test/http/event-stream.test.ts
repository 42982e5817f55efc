import { afterEach, expect, test } from '@jest/globals';
import { eventually } from '@order-pipeline/testing';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { openEventStream, type EventStream, type Route } from '../../src/index.ts';
import { listenByHand, testOperation } from './harness.ts';

const LIMIT_MS = 5_000;
/** More than the buffers of both ends of a connection hold, in parts. */
const PART = 'x'.repeat(1_048_576);
const MANY_PARTS = 24;

let opened: EventStream[] = [];
let over = 0;
const operation = testOperation('/api/events', { streams: true });
const route: Route = {
  operation,
  waits: true,
  handle: async (_, { signal }) => {
    const stream = openEventStream(1_000, signal);
    stream.onOver(() => void (over += 1));
    opened.push(stream);
    return stream.reply;
  },
};

let socket: Socket | undefined;
let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  socket?.destroy();
  for (const stream of opened) stream.end();
  await close?.();
  opened = [];
  over = 0;
});

const start = async () => {
  const access = { responseTimeoutMs: LIMIT_MS };
  const { server, port, advance, registry } = await listenByHand(route, { access });
  close = () => server.close();
  const dropped = async () => /reason="slow reader"/.exec(await registry.metrics());
  /** Seconds that pass one by one, each looked at. */
  const pass = (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) advance(1_000);
  };
  /** How many requests for a stream were measured, and how many were held, with the seconds of each in all. */
  const measured = async () => {
    const text = await registry.metrics();
    const read = (name: string) => Number(new RegExp(`^${name}\\{.*\\} (.*)$`, 'm').exec(text)?.[1] ?? 0);
    return {
      answered: read('http_request_duration_seconds_count'),
      held: read('http_hold_duration_seconds_count'),
    };
  };
  return { server, port, pass, dropped, measured };
};

const watch = async (port: number): Promise<{ reader: Socket; stream: EventStream }> => {
  const reader = connect({ port, host: '127.0.0.1' });
  socket = reader;
  reader.on('error', () => undefined);
  reader.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(reader, 'readable');
  const stream = opened.at(-1);
  if (!stream) throw new Error('no stream was opened');
  return { reader, stream };
};

test('a stream of which everything is read lives on, however long it takes', async () => {
  const { port, pass, dropped } = await start();
  const { reader, stream } = await watch(port);
  let text = '';
  reader.on('data', (chunk) => void (text += String(chunk)));
  pass(60);
  expect(stream.send({ id: '1', event: 'status', data: { a: 1 } })).toBe(true);
  await eventually(() => expect(text).toContain('id: 1\nevent: status\ndata: {"a":1}\n\n'));
  expect(await dropped()).toBeNull();
  stream.end();
  await eventually(() => expect(over).toBe(1));
});

test('one that nobody reads is dropped once its time is up, and takes no more than a buffer', async () => {
  const { port, pass, dropped } = await start();
  const { stream, reader } = await watch(port);
  let sent = 0;
  while (sent < MANY_PARTS) {
    if (!stream.send({ event: 'part', data: PART })) break;
    sent += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(sent).toBeLessThan(MANY_PARTS);
  pass(LIMIT_MS / 1_000 - 1);
  expect(over).toBe(0);
  pass(2);
  await eventually(() => expect(over).toBe(1));
  expect(await dropped()).not.toBeNull();
  expect(stream.send({ event: 'part', data: PART })).toBe(false);
  reader.destroy();
});

test('one that is read slowly lives on', async () => {
  const { port, pass, dropped } = await start();
  const { stream, reader } = await watch(port);
  const fill = async () => {
    while (stream.send({ event: 'part', data: PART })) await new Promise((resolve) => setImmediate(resolve));
  };
  for (let round = 0; round < 4; round += 1) {
    await fill();
    pass(LIMIT_MS / 1_000 - 2);
    reader.on('data', () => undefined).resume();
    // It can be sent again once something of what came before has left.
    await eventually(() => expect(stream.send({ event: 'part', data: PART })).toBe(true), {
      timeoutMs: 20_000,
    });
    reader.removeAllListeners('data');
    reader.pause();
    pass(1);
  }
  expect(over).toBe(0);
  expect(await dropped()).toBeNull();
});

test('who goes away ends it, and is not waited for by a stop', async () => {
  const { port, server } = await start();
  const { reader } = await watch(port);
  reader.destroy();
  await eventually(() => expect(over).toBe(1));
  close = undefined;
  await server.close();
});

test.each([
  ['it is ended here', (_: Socket, stream: EventStream) => stream.end()],
  ['its reader goes away', (reader: Socket) => void reader.destroy()],
])('the answer is measured when it begins, and its life apart once %s', async (_, end) => {
  const { port, measured } = await start();
  const { reader, stream } = await watch(port);
  reader.resume();
  await eventually(async () => expect(await measured()).toEqual({ answered: 1, held: 0 }));
  end(reader, stream);
  await eventually(async () => expect(await measured()).toEqual({ answered: 1, held: 1 }));
});
