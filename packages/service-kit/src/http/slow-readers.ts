import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Socket } from 'node:net';
import type { Cancel, Runtime } from '../runtime.ts';
import { createUnderWay, type Answer, type AnswersUnderWay } from './answers-under-way.ts';

declare module 'fastify' {
  interface FastifyReply {
    /** Its place among the answers under way. */
    underWay?: Answer<Leaving>;
  }
}

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
  /** When it began to leave; of a stream, when its reader was last seen to read. */
  since: number;
  /** A stream of events takes as long as it takes: its reader is slow who leaves lying what was sent. */
  readonly isStream: boolean;
  /** How many bytes of the connection have left, when that was last looked at. */
  left: number;
}

type UnderWay = AnswersUnderWay<Leaving>;

/** How many bytes have left this process by a connection. */
const leftBy = ({ bytesWritten, writableLength }: Socket): number => bytesWritten - writableLength;

/** Begins to count anew for a stream that has nothing to read, or whose reader has read since. */
const noteReading = (leaving: Leaving, socket: Socket, now: number): void => {
  if (!leaving.isStream) return;
  const left = leftBy(socket);
  if (socket.writableLength === 0 || left > leaving.left) leaving.since = now;
  leaving.left = left;
};

const isEventStream = (reply: FastifyReply): boolean => {
  const type = reply.getHeader('content-type');
  return typeof type === 'string' && type.startsWith('text/event-stream');
};

/** Not that of the answer, which has none before it is its turn, and none any more when it has left. */
const socketOf = ({ request }: FastifyReply): Socket => request.raw.socket;

/** Whether it was made, and has not left yet. */
const isLeaving = (reply: FastifyReply): boolean =>
  reply.raw.headersSent && !reply.raw.closed && !socketOf(reply).destroyed;

const firstSeen = (reply: FastifyReply, socket: Socket, now: number): Leaving => {
  const isStream = isEventStream(reply);
  // What has left is counted for streams alone: the socket sums up its buffers for it.
  return { since: now, isStream, left: isStream ? leftBy(socket) : 0 };
};

const isAnyLeaving = (underWay: UnderWay): boolean => {
  for (const { reply } of underWay.all()) if (isLeaving(reply)) return true;
  return false;
};

/**
 * Lets a server that closes wait for the answers that are on their way: Node takes a connection for idle, and cuts it off,
 * as soon as all of its answer is written into its buffer. Connections are ended once nothing is on its way any more, or
 * when `STOP_READERS_MS` are over, for those who do not read.
 */
const letAnswersLeave = (
  server: FastifyInstance,
  underWay: UnderWay,
  runtime: SlowReaderLimits['runtime'],
): (() => void) => {
  const http = server.server;
  const closeIdle = http.closeIdleConnections.bind(http);
  let isOver = false;
  let cancel: Cancel | undefined;
  // Called as the server begins to close, and by callers that wait for that.
  http.closeIdleConnections = () => {
    cancel ??= runtime.after(STOP_READERS_MS, () => {
      isOver = true;
      closeIdle();
    });
    if (isOver || !isAnyLeaving(underWay)) closeIdle();
  };
  http.once('close', () => cancel?.());
  return () => {
    if (cancel && !isAnyLeaving(underWay)) closeIdle();
  };
};

/**
 * Ends the connections of those who do not read what they asked for: an answer that has not left in time, a stream of which
 * nothing was read for as long although there is something to read, and the oldest of those that wait where they hold too
 * much memory together. It looks once a second, and takes an answer to begin to leave when it is first seen.
 */
export const dropSlowReaders = (
  server: FastifyInstance,
  { runtime, limitMs, onDropped }: SlowReaderLimits,
): void => {
  const underWay = createUnderWay<Leaving>();
  server.decorateReply('underWay');
  const onLeft = letAnswersLeave(server, underWay, runtime);
  server.addHook('onRequest', (_, reply, done) => {
    reply.underWay = underWay.add(reply);
    done();
  });
  server.addHook('onResponse', (_, reply, done) => {
    if (reply.underWay) underWay.remove(reply.underWay);
    onLeft();
    done();
  });
  let cancel: Cancel = () => undefined;

  const waitingBytes = (): number => {
    let sum = 0;
    for (const { reply } of underWay.all()) if (isLeaving(reply)) sum += socketOf(reply).writableLength;
    return sum;
  };
  const look = (): void => {
    const now = runtime.monotonic();
    let bytes = waitingBytes();
    for (const answer of underWay.all()) {
      const { reply } = answer;
      const socket = socketOf(reply);
      if (reply.raw.closed || socket.destroyed) underWay.remove(answer);
      if (!isLeaving(reply)) continue;
      const leaving = (answer.known ??= firstSeen(reply, socket, now));
      noteReading(leaving, socket, now);
      const age = now - leaving.since;
      const isHeavy = bytes > MAX_WAITING_BYTES && socket.writableLength > 0 && age >= LOOK_EVERY_MS;
      if (age < limitMs && !isHeavy) continue;
      bytes -= socket.writableLength;
      underWay.remove(answer);
      socket.destroy();
      onDropped();
    }
    // Most streams end by their readers, who go away: for those there is no `onResponse`.
    onLeft();
    cancel = runtime.after(LOOK_EVERY_MS, look);
  };
  server.server.once('listening', () => {
    cancel = runtime.after(LOOK_EVERY_MS, look);
  });
  server.server.once('close', () => cancel());
};
