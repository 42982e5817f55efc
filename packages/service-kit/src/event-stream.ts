import { Readable } from 'node:stream';
import type { Reply } from './reply.ts';

/** Server-Sent Events (HTML, 9.2). */
export interface StreamedEvent {
  /** What the client sends as `Last-Event-ID` when it connects again. */
  readonly id?: string;
  readonly event: string;
  /** Sent as JSON. */
  readonly data: unknown;
}

/** The answer to one who watches something; it ends when either side ends it. */
export interface EventStream {
  /** Answers false, and sends nothing, where the reader has not read what came before, or has gone. */
  send(event: StreamedEvent): boolean;
  /** A line that says nothing, so that proxies know that the stream is alive. */
  comment(): void;
  /** Ends the stream once all that was sent has been read; the client may connect again. */
  end(): void;
  /** Called once when the stream is over, whichever side ended it. */
  onOver(fn: () => void): void;
  /** What an operation answers with it. */
  readonly reply: Reply<never>;
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  // Asks nginx to pass on what comes when it comes.
  'x-accel-buffering': 'no',
};

const textOf = ({ id, event, data }: StreamedEvent): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/**
 * Opens a stream of events.
 *
 * @param retryMs after how many milliseconds a client connects again when the stream ends
 * @param signal aborted when the client has gone, also before anything was sent
 */
export const openEventStream = (retryMs: number, signal?: AbortSignal): EventStream => {
  // Everything is pushed when it happens, or is left out.
  const body = new Readable({ read: () => undefined });
  const gone = (): void => void body.destroy();
  if (signal?.aborted) gone();
  signal?.addEventListener('abort', gone);
  body.once('close', () => signal?.removeEventListener('abort', gone));
  const push = (text: string): boolean => {
    if (body.readableEnded || body.destroyed || body.readableLength > body.readableHighWaterMark)
      return false;
    body.push(text);
    return true;
  };
  let isEnded = false;
  push(`retry: ${retryMs}\n\n`);
  return {
    send: (event) => !isEnded && push(textOf(event)),
    comment: () => void (isEnded || push(': still here\n\n')),
    end: () => {
      if (isEnded || body.destroyed) return;
      isEnded = true;
      body.push(null);
    },
    onOver: (fn) => void body.once('close', fn),
    reply: { status: 200, body: body as never, headers: HEADERS },
  };
};
