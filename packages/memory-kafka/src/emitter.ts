import type { Logger } from 'kafkajs';
import { timestampOf, type Clock } from './clock.ts';
import { nonRetriable, toError } from './errors.ts';

/** A listener of whatever event; kafkajs's typings say which payload goes with which name. */
export type AnyListener = (event: never) => void;

/** The instrumentation events of one client. */
export interface Emitter {
  emit(type: string, payload?: unknown): void;
  /** Whether anybody listens to events of that name. */
  isHeard(type: string): boolean;
  /** Adds a listener and returns what removes it; throws KafkaJSNonRetriableError for a name that does not exist. */
  on(type: string, listener: AnyListener): () => void;
}

/** Notifies of a client's requests by its events of these names. */
export const networkEvents = (
  emitter: Emitter,
  { REQUEST, REQUEST_TIMEOUT }: { readonly REQUEST: string; readonly REQUEST_TIMEOUT: string },
) => ({
  isThere: () => emitter.isHeard(REQUEST),
  notify: (payload: unknown) => emitter.emit(REQUEST, payload),
  notifyOfTimeout: (payload: unknown) => emitter.emit(REQUEST_TIMEOUT, payload),
});

let lastId = -1;

/** `names` are the client's events, `label` is how kafkajs's message calls them (`consumer.events`). */
export const createEmitter = (
  names: Readonly<Record<string, string>>,
  label: string,
  clock: () => Clock,
  logger: Logger,
): Emitter => {
  // Each call of `on` adds one, also of a listener that is there already.
  const listeners = new Map<string, Set<{ readonly listener: AnyListener }>>();
  const types = new Set(Object.values(names));

  const report = (type: string, thrown: unknown): void => {
    const error = toError(thrown);
    logger.error(`Failed to execute listener: ${error.message}`, { eventName: type, stack: error.stack });
  };

  return {
    emit: (type, payload) => {
      const interested = listeners.get(type);
      if (interested === undefined || interested.size === 0) return;
      lastId += 1;
      const event = { id: lastId, type, timestamp: timestampOf(clock()), payload };
      for (const { listener } of Array.from(interested)) {
        const result: unknown = Reflect.apply(listener, undefined, [event]);
        Promise.resolve(result).catch((error: unknown) => report(type, error));
      }
    },
    isHeard: (type) => (listeners.get(type)?.size ?? 0) > 0,
    on: (type, listener) => {
      if (!types.has(type)) {
        const known = Object.keys(names).map((name) => `${label}.${name}`);
        throw nonRetriable(`Event name should be one of ${known.join(', ')}`);
      }
      const interested = listeners.get(type) ?? new Set();
      const added = { listener };
      listeners.set(type, interested.add(added));
      return () => void interested.delete(added);
    },
  };
};
