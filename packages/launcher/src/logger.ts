import pino, { type Level, type Logger } from 'pino';
import pretty from 'pino-pretty';

const STDOUT = 1;

/** What comes out of this process goes to stdout; where nobody reads it any more, the work still has to go on. */
const openStdout = () => {
  const stdout = pino.destination({ dest: STDOUT, sync: true });
  stdout.on('error', () => undefined);
  return stdout;
};

/**
 * The logger of a process, on stdout.
 *
 * @param terminal whether a person reads it there; JSON lines otherwise
 */
export const createLogger = (level: Level | 'silent', terminal = false): Logger => {
  const stdout = openStdout();
  if (!terminal) return pino({ level }, stdout);
  const forPerson = pretty({
    destination: stdout,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  return pino({ level }, forPerson);
};
