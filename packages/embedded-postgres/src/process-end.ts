import process from 'node:process';

/** What ends a process unless somebody listens. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const ends = new Set<() => void>();

const endAll = (): void => {
  for (const end of ends) end();
};

/** Where somebody else listens, what the signal means is theirs to decide. */
const onSignal = (signal: NodeJS.Signals): void => {
  if (process.listenerCount(signal) > 1) return;
  endAll();
  unlisten();
  process.kill(process.pid, signal);
};

const listen = (): void => {
  process.on('exit', endAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
};

const unlisten = (): void => {
  process.off('exit', endAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
};

/**
 * Calls `end`, which must not wait for anything, when this process ends: by `process.exit`, an error, or a signal that
 * nobody else listens to, which would else end it silently.
 *
 * @returns takes it back
 */
export const atProcessEnd = (end: () => void): (() => void) => {
  if (ends.size === 0) listen();
  ends.add(end);
  return () => {
    if (ends.delete(end) && ends.size === 0) unlisten();
  };
};
