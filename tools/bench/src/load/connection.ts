import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  /** The status line and the headers, as they came. */
  readonly head: string;
  readonly body: string;
}

/** One connection that is kept alive, for one request at a time. */
export interface Connection {
  /** Sends bytes that are a whole request, and gathers the answer. */
  call(request: string): Promise<Answer>;
  close(): void;
}

/** The longest without a byte of an answer, where nobody waits on purpose. */
const TIMEOUT_MS = 20_000;
const HEAD_END = '\r\n\r\n';
const CONTENT_LENGTH = /\r\ncontent-length: (\d+)/i;
/** Where the status stands, behind `HTTP/1.1 `. */
const STATUS_FROM = 9;
const STATUS_TO = 12;

/**
 * The answer that some bytes are, or nothing while it is not whole.
 *
 * @throws Error when it does not say how long it is
 */
const answerOf = (bytes: Buffer): Answer | undefined => {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const length = CONTENT_LENGTH.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without its length: ${head}`);
  const from = headEnd + HEAD_END.length;
  if (bytes.length < from + Number(length)) return undefined;
  return { status: Number(head.slice(STATUS_FROM, STATUS_TO)), head, body: bytes.toString('utf8', from) };
};

interface Asking {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A connection to a server that tells of every answer how long it is, as our servers do. Just that much of HTTP: who measures
 * shares the cores with what is measured, and a whole client takes twice as long for a request.
 */
export const openConnection = (host: string, port: number, timeoutMs = TIMEOUT_MS): Connection => {
  let socket: Socket | undefined;
  let asking: Asking | undefined;
  let arrived: Buffer | undefined;

  const settle = (outcome: (current: Asking) => void): void => {
    const current = asking;
    asking = undefined;
    arrived = undefined;
    if (current) outcome(current);
  };
  const fail = (error: Error): void => {
    socket?.destroy();
    socket = undefined;
    settle(({ reject }) => reject(error));
  };
  const take = (chunk: Buffer): void => {
    arrived = arrived ? Buffer.concat([arrived, chunk]) : chunk;
    try {
      const answer = answerOf(arrived);
      if (answer) settle(({ resolve }) => resolve(answer));
    } catch (error) {
      fail(error as Error);
    }
  };
  const open = (): Socket => {
    const opened = connect({ host, port, noDelay: true });
    opened.on('data', take);
    opened.on('error', fail);
    opened.on('close', () => {
      // One that has been given up does not speak for the one that came after it.
      if (opened === socket) fail(new Error('the connection was closed'));
    });
    opened.setTimeout(timeoutMs, () => {
      if (asking) fail(new Error(`no answer within ${timeoutMs} ms`));
    });
    return opened;
  };
  return {
    call: (request) =>
      new Promise((resolve, reject) => {
        asking = { resolve, reject };
        socket ??= open();
        socket.write(request);
      }),
    close: () => {
      socket?.destroy();
      socket = undefined;
    },
  };
};
