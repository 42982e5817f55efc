import type { FastifyInstance, FastifyReply } from 'fastify';
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
  /** When it began to leave; of a stream, when its reader was last seen to read. */
  since: number;
  /** A stream of events takes as long as it takes: its reader is slow who leaves lying what was sent. */
  readonly isStream: boolean;
  /** How many bytes of the connection have left, when that was last looked at. */
  left: number;
}

/** How many bytes have left this process by a connection. */
const leftBy = ({ bytesWritten, writableLength }: Socket): number => bytesWritten - writableLength;

/** Begins to count anew for a stream that has nothing to read, or whose reader has read since. */
const noteReading = (leaving: Leaving, now: number): void => {
  if (!leaving.isStream) return;
  const left = leftBy(leaving.socket);
  if (leaving.socket.writableLength === 0 || left > leaving.left) leaving.since = now;
  leaving.left = left;
};

const isEventStream = (reply: FastifyReply): boolean => {
  const type = reply.getHeader('content-type');
  return typeof type === 'string' && type.startsWith('text/event-stream');
};

type AllLeaving = Map<ServerResponse, Leaving>;

/**
 * Answers that were made and have not left yet, the oldest first.
 *
 * @param onLeft called when one is gone that does not tell it by `onResponse`
 */
const createLeaving = (
  server: FastifyInstance,
  runtime: Pick<Runtime, 'monotonic'>,
  onLeft: () => void,
): AllLeaving => {
  const leaving: AllLeaving = new Map();
  server.addHook('onSend', ({ raw: { socket } }, reply, _, done) => {
    // Without a connection, as in tests, nothing has to leave.
    if (server.server.listening) {
      const since = runtime.monotonic();
      const isStream = isEventStream(reply);
      // What has left is counted for streams alone: the socket sums up its buffers for it.
      leaving.set(reply.raw, { socket, since, isStream, left: isStream ? leftBy(socket) : 0 });
      // Most streams end by their readers, who go away.
      if (isStream) reply.raw.once('close', () => void (leaving.delete(reply.raw) && onLeft()));
    }
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
): (() => void) => {
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
  const onLeft = (): void => {
    if (cancel && leaving.size === 0) closeIdle();
  };
  server.addHook('onResponse', (_, _reply, done) => {
    onLeft();
    done();
  });
  http.once('close', () => cancel?.());
  return onLeft;
};

/**
 * Ends the connections of those who do not read what they asked for: an answer that has not left in time, a stream of which
 * nothing was read for as long although there is something to read, and the oldest of those that wait where they hold too
 * much memory together.
 */
export const dropSlowReaders = (
  server: FastifyInstance,
  { runtime, limitMs, onDropped }: SlowReaderLimits,
): void => {
  let onLeft = (): void => undefined;
  const leaving = createLeaving(server, runtime, () => onLeft());
  onLeft = letAnswersLeave(server, leaving, runtime);
  let cancel: Cancel = () => undefined;

  const waitingBytes = (): number => {
    let sum = 0;
    for (const { socket } of leaving.values()) sum += socket.writableLength;
    return sum;
  };
  const look = (): void => {
    const now = runtime.monotonic();
    let bytes = waitingBytes();
    for (const [response, entry] of leaving) {
      noteReading(entry, now);
      const { socket, since } = entry;
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
