import type { FastifyInstance } from 'fastify';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Cancel, Runtime } from '../runtime.ts';

const LOOK_EVERY_MS = 1_000;
/** What may wait in this process for all readers together. */
const MAX_WAITING_BYTES = 64 * 1_048_576;
/** How long a stop waits for answers that are on their way: shorter than all that is under way may take. */
export const STOP_READERS_MS = 2_500;

export interface SlowReaderLimits {
  readonly runtime: Pick<Runtime, 'monotonic' | 'after'>;
  /** How long an answer may take to leave. */
  readonly limitMs: number;
  readonly onDropped: () => void;
}

interface Leaving {
  readonly socket: Socket;
  readonly since: number;
}

type AllLeaving = Map<ServerResponse, Leaving>;

/** Answers that were made and have not left yet, the oldest first. */
const createLeaving = (server: FastifyInstance, runtime: Pick<Runtime, 'monotonic'>): AllLeaving => {
  const leaving: AllLeaving = new Map();
  server.addHook('onSend', ({ raw: { socket } }, { raw }, _, done) => {
    // Without a connection, as in tests, nothing has to leave.
    if (server.server.listening) leaving.set(raw, { socket, since: runtime.monotonic() });
    done();
  });
  server.addHook('onResponse', (_, { raw }, done) => {
    leaving.delete(raw);
    done();
  });
  return leaving;
};

/**
 * Lets a server that closes wait for the answers that are on their way: Node takes a connection for idle, and cuts it off,
 * as soon as all of its answer is written into its buffer. Connections are ended once nothing is on its way any more, or
 * when `STOP_READERS_MS` are over, for those who do not read.
 */
const letAnswersLeave = (
  server: FastifyInstance,
  leaving: AllLeaving,
  runtime: SlowReaderLimits['runtime'],
): void => {
  const http = server.server;
  const closeIdle = http.closeIdleConnections.bind(http);
  let isOver = false;
  let cancel: Cancel | undefined;
  // Called as the server begins to close, and by whoever waits for that.
  http.closeIdleConnections = () => {
    cancel ??= runtime.after(STOP_READERS_MS, () => {
      isOver = true;
      closeIdle();
    });
    if (isOver || leaving.size === 0) closeIdle();
  };
  server.addHook('onResponse', (_, _reply, done) => {
    if (cancel && leaving.size === 0) closeIdle();
    done();
  });
  http.once('close', () => cancel?.());
};

/**
 * Ends the connections of those who do not read what they asked for: an answer that has not left in time, and the oldest of
 * those that wait where they hold too much memory together.
 */
export const dropSlowReaders = (
  server: FastifyInstance,
  { runtime, limitMs, onDropped }: SlowReaderLimits,
): void => {
  const leaving = createLeaving(server, runtime);
  letAnswersLeave(server, leaving, runtime);
  let cancel: Cancel = () => undefined;

  const waitingBytes = (): number => {
    let sum = 0;
    for (const { socket } of leaving.values()) sum += socket.writableLength;
    return sum;
  };
  const look = (): void => {
    const now = runtime.monotonic();
    let bytes = waitingBytes();
    for (const [response, { socket, since }] of leaving) {
      const isHeavy = bytes > MAX_WAITING_BYTES && socket.writableLength > 0 && now - since >= LOOK_EVERY_MS;
      if (response.closed || socket.destroyed) leaving.delete(response);
      else if (now - since >= limitMs || isHeavy) {
        bytes -= socket.writableLength;
        leaving.delete(response);
        socket.destroy();
        onDropped();
      }
    }
    cancel = runtime.after(LOOK_EVERY_MS, look);
  };
  server.server.once('listening', () => {
    cancel = runtime.after(LOOK_EVERY_MS, look);
  });
  server.server.once('close', () => cancel());
};
