import pino, { type DestinationStream, type Level, type Logger } from 'pino';
import pretty from 'pino-pretty';

const STDOUT = 1;

/** What comes out of this process goes to stdout; where nobody reads it any more, the work still has to go on. */
const openStdout = (contentMode: 'utf8' | 'buffer') => {
  const stdout = pino.destination({ dest: STDOUT, sync: false, contentMode });
  stdout.on('error', () => undefined);
  return stdout;
};

/** Lines handed on as bytes: as text, each one that waits for the write before it is joined to all the others anew. */
const openLines = (): DestinationStream => {
  const stdout = openStdout('buffer');
  // Its type knows of text alone.
  const write = stdout.write.bind(stdout) as unknown as (line: Buffer) => boolean;
  return { write: (line) => void write(Buffer.from(line)) };
};

/** What an error says, and not what hangs on it: drivers attach their connections, with their secrets. */
const describeError = (error: unknown): unknown => {
  if (typeof error !== 'object' || error === null || !('stack' in error)) return error;
  const { type, message, stack } = pino.stdSerializers.err(error as Error);
  const { code } = error as { code?: unknown };
  return { type, message, ...(code === undefined ? {} : { code }), stack };
};

/**
 * The logger of a process, on stdout.
 *
 * @param terminal whether a person reads it there; JSON lines otherwise
 */
export const createLogger = (level: Level | 'silent', terminal = false): Logger => {
  const options = { level, serializers: { err: describeError } };
  if (!terminal) return pino(options, openLines());
  const forPerson = pretty({
    destination: openStdout('utf8'),
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  return pino(options, forPerson);
};
