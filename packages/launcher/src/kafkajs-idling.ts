import { createRequire } from 'node:module';

/** What is used of kafkajs's queue of requests to a broker; every connection has one. */
interface RequestQueue {
  /** Requests that wait until the broker may be asked again. */
  readonly pending: readonly unknown[];
  /** Sets a timer that looks at them, and sets the next one. */
  scheduleCheckPendingRequests(): void;
}

const patched = new WeakSet<RequestQueue>();

/**
 * Lets kafkajs's connections idle. With nothing to send, kafkajs 2.2.4 looks about a thousand times a second, on every
 * connection, whether there is something (https://github.com/tulios/kafkajs/issues/1704), by a timer in the past, which
 * Node.js 24 warns of. A request that has to wait sets the timer when it comes, so none is needed while none waits.
 */
export const letKafkajsIdle = (): void => {
  const { prototype: queue } = createRequire(import.meta.url)(
    'kafkajs/src/network/requestQueue/index.js',
  ) as { readonly prototype: RequestQueue };
  if (patched.has(queue)) return;
  patched.add(queue);
  const schedule = queue.scheduleCheckPendingRequests;
  queue.scheduleCheckPendingRequests = function scheduleWhereOneWaits(this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
};
