// oxlint-disable-next-line no-restricted-imports -- `openPool` makes it
import pg from 'pg';
import { DatabaseClient } from './connections.ts';
import { judge } from '../faults/judge.ts';
import type { Runtime } from '../runtime.ts';
import { isLockTimeout } from './errors.ts';

type Callback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

/** How often the connections are replaced at the most, in milliseconds: the server may say the same for a while. */
const RENEWAL_INTERVAL_MS = 1_000;

type OnResult = (error: unknown, result: unknown) => void;

/**
 * Tells that a lock was waited for too long only when the server is done with the statement: it says so before it releases
 * what the statement has locked by then. A look at the locked rows right after that would find our own.
 */
const onceLocksAreFree =
  (client: pg.Client, onResult: OnResult): OnResult =>
  (error, result) => {
    if (!error || !isLockTimeout(error)) return onResult(error, result);
    const settle = (): void => {
      client.off('drain', settle).off('end', settle);
      onResult(error, result);
    };
    client.once('drain', settle).once('end', settle);
  };

/** Tells of the errors of statements whose answer is awaited, as Prisma's are; the pool sees those of its own. */
const watched = (failed: (client: pg.Client, error: unknown) => void) =>
  class WatchedClient extends DatabaseClient {
    override query(...args: unknown[]): never {
      const onResult = args.at(-1);
      const delayed =
        typeof onResult === 'function'
          ? [...args.slice(0, -1), onceLocksAreFree(this, onResult as OnResult)]
          : args;
      const answer: unknown = Reflect.apply(super.query, this, delayed);
      if (answer instanceof Promise) answer.catch((error: unknown) => failed(this, error));
      return answer as never;
    }
  };

/**
 * A pool that replaces its connections where an error says that they lead to the wrong server, such as one that is
 * read-only since another was promoted: what idles is closed, what is in use is closed when it is given back, and the
 * next statement connects anew. Of statements that fail together one replaces them, and at most once a second.
 */
export class RenewedPool extends pg.Pool {
  readonly #runtime: Pick<Runtime, 'monotonic'>;
  #stale = new Set<object>();
  #renewedAt = -RENEWAL_INTERVAL_MS;
  readonly #current = new Set<object>();

  constructor(config: pg.PoolConfig, runtime: Pick<Runtime, 'monotonic'>) {
    const failed = (client: object, error: unknown): void => this.#failed(client, error);
    super({ ...config, Client: watched(failed) });
    this.#runtime = runtime;
    this.on('connect', (client) => this.#current.add(client));
    this.on('remove', (client) => {
      this.#current.delete(client);
      this.#stale.delete(client);
    });
    this.on('release', (error, client) => {
      this.#failed(client, error);
      // The pool keeps no connection that is ending; one that gets an error ends itself.
      if (!error && this.#stale.has(client)) void (client as unknown as pg.Client).end();
    });
  }

  #failed(client: object, error: unknown): void {
    if (!error || this.#stale.has(client) || !judge(error)?.renew) return;
    const now = this.#runtime.monotonic();
    if (now - this.#renewedAt < RENEWAL_INTERVAL_MS) {
      this.#stale.add(client);
      return;
    }
    this.#renewedAt = now;
    this.#stale = new Set(this.#current);
  }

  async #connectAnew(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await super.connect();
      if (!this.#stale.has(client)) return client;
      client.release(true);
    }
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): Promise<pg.PoolClient> | void {
    if (!callback) return this.#connectAnew();
    const take: Callback = (error, client, done) => {
      if (!client || !this.#stale.has(client)) return callback(error, client, done);
      done(true);
      super.connect(take);
    };
    super.connect(take);
  }
}
