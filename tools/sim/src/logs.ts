import { pino, type Logger } from 'pino';
import type { Findings } from './findings.ts';
import type { SimProcess } from './world/sim-process.ts';
import type { World } from './world/world.ts';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly err?: { readonly message?: string; readonly stack?: string };
  readonly orderId?: string;
}

const ERROR = 50;

/** Errors that the simulation causes on purpose. */
const EXPECTED = new Set(['consumer crashed', 'message sent to the DLQ']);

const HIDDEN = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'requestId', 'traceId', 'spanId', 'err']);

const fieldsOf = (line: Line): Record<string, unknown> => ({
  ...Object.fromEntries(Object.entries(line).filter(([name]) => !HIDDEN.has(name))),
  // Only its first line: those of Prisma's go on to tell how much real time has gone by.
  ...(line.err ? { because: line.err.message?.split('\n')[0] } : {}),
});

/**
 * Makes the loggers of the services. What they log as an error is a finding: whatever goes wrong around them, a service
 * is to know what to do with it.
 *
 * @param isTraced whether every line goes to the trace
 */
export const watchLogs = ({ trace }: World, findings: Findings, isTraced: boolean) => {
  const hear = ({ slot, isDead }: SimProcess, line: Line): void => {
    if (isDead()) return;
    if (isTraced) trace(slot.id, `"${line.msg}"`, fieldsOf(line));
    if (line.level < ERROR || EXPECTED.has(line.msg)) return;
    const detail = `${line.msg}: ${line.err?.stack ?? JSON.stringify(line)}`;
    findings.add('no service meets what it does not know', [slot.id, line.orderId ?? ''], detail);
  };
  return (process: SimProcess): Logger =>
    pino(
      { level: isTraced ? 'debug' : 'error' },
      { write: (text: string) => hear(process, JSON.parse(text) as Line) },
    );
};
