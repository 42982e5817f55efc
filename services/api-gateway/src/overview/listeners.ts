import type { Overview } from '@order-pipeline/contracts';
import type { EventStream, Runtime } from '@order-pipeline/service-kit';

const INTERVAL_MS = 1_000;
/** So many watch at an instance at most: consoles and terminals of operators. */
export const MAX_LISTENERS = 100;

/** Those who watch the overview at this instance. */
export interface Listeners {
  /** Whether there is room for one more. */
  hasRoom(): boolean;
  add(stream: EventStream): void;
  /** Ends all streams, and takes nobody on. */
  stop(): void;
}

/** One picture a second for all who watch, and none while nobody does. Who does not keep up misses some. */
export const createListeners = (options: {
  readonly runtime: Pick<Runtime, 'after'>;
  readonly takePicture: () => Promise<Overview>;
  readonly onCount: (count: number) => void;
}): Listeners => {
  const { runtime, takePicture, onCount } = options;
  const streams = new Set<EventStream>();
  let isStopped = false;
  let isRunning = false;
  let cancel = (): void => undefined;

  const tick = (): void => {
    isRunning = streams.size > 0 && !isStopped;
    if (!isRunning) return;
    cancel = runtime.after(INTERVAL_MS, tick);
    void takePicture().then((data) => {
      for (const stream of streams) stream.send({ event: 'overview', data });
    });
  };
  return {
    hasRoom: () => !isStopped && streams.size < MAX_LISTENERS,
    add: (stream) => {
      streams.add(stream);
      onCount(streams.size);
      stream.onOver(() => {
        streams.delete(stream);
        onCount(streams.size);
      });
      if (!isRunning) return tick();
      // The others have had theirs a moment ago.
      void takePicture().then((data) => stream.send({ event: 'overview', data }));
    },
    stop: () => {
      isStopped = true;
      cancel();
      for (const stream of streams) stream.end();
    },
  };
};
